// The integer forward inside training against the model file that would be exported at that moment: written, read back and run by the
// runtime, every activation must have the same codes. Needs no data: weights, batch-norm statistics and images are random.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <mutex>

#include "base/rng.h"
#include "formats/tflite/tflite.h"
#include "graph/architectures.h"
#include "quant/lower.h"
#include "runtime/interpreter.h"
#include "train/integer/integer_engine.h"

namespace liteqat {
namespace {

using graph::Graph;

constexpr int32_t kImages = 10;  // chunks of 4, the last one of 2

/// Everything away from 0 and 1, some gammas negative.
void disturb(Graph& model) {
  Rng rng(99);
  for (graph::Tensor& tensor : model.tensors) {
    const bool variance = tensor.name.find("variance") != std::string::npos;
    const bool changes = tensor.role == graph::Role::kParameter || tensor.role == graph::Role::kStatistic;
    if (!changes || tensor.shape.size() != 1) continue;
    for (float& value : tensor.as<float>()) {
      value += variance ? rng.next_float() : 0.4f * (rng.next_float() - 0.5f);
      if (!variance && rng.next_below(16) == 0) value = -value;
    }
  }
}

std::vector<float> make_images(const Graph& model, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> images(static_cast<size_t>(kImages * graph::elem_count(model.tensor(model.inputs[0]).shape)));
  for (float& pixel : images) pixel = static_cast<float>(rng.next_below(256)) / 255;
  return images;
}

using Codes = std::map<std::string, std::vector<int8_t>>;

/// What a reader of the file sees: every activation of the exported model.
Codes run_file(const Graph& model, const quant::Plan& plan, const std::vector<float>& images, Isa isa) {
  const Graph lowered = quant::lower_to_int8(model, plan, quant::IoType::kFloat32).value();
  Graph exported = formats::tflite::read(formats::tflite::write(lowered).value(), "model.tflite").value();
  std::vector<graph::TensorId> outputs;
  for (const graph::Op& op : exported.ops) outputs.push_back(op.outputs[0]);
  exported.outputs = outputs;
  auto interpreter = runtime::Interpreter::prepare(exported, {.batch = kImages, .isa = isa}).value();
  std::memcpy(interpreter.input(0).data(), images.data(), interpreter.input(0).size());
  interpreter.invoke();
  Codes codes;
  for (size_t op = 0; op < exported.ops.size(); ++op) {
    if (exported.tensor(outputs[op]).type != graph::DType::kInt8) continue;
    const auto bytes = interpreter.output(op);
    std::vector<int8_t>& values = codes[exported.tensor(outputs[op]).name];
    values.resize(bytes.size());
    std::memcpy(values.data(), bytes.data(), bytes.size());
  }
  return codes;
}

class IntegerTraining : public testing::TestWithParam<const char*> {};

TEST_P(IntegerTraining, ForwardHasTheCodesOfTheExportedFile) {
  graph::ArchitectureOptions options{.name = GetParam()};
  const bool mnist = options.name.rfind("mnist", 0) == 0;
  if (!mnist) options.height = options.width = 32, options.channels = 3;
  options.alpha = 0.35f;
  Graph model = graph::make_architecture(options).value();
  disturb(model);
  quant::Plan plan = quant::make_plan(model, quant::Scheme::kLiteqat8Bit).value();
  ThreadPool pool(2);
  auto engine = train::IntegerEngine::make(model, plan, pool, {.max_batch = kImages, .chunk = 4}).value();
  Codes codes;
  std::mutex mutex;
  engine.set_inspector([&](const std::string& name, int32_t first, std::span<const int8_t> chunk) {
    const std::lock_guard lock(mutex);
    const size_t image = chunk.size() / static_cast<size_t>(std::min(4, kImages - first));
    codes[name].resize(image * kImages);
    std::copy(chunk.begin(), chunk.end(), codes[name].begin() + static_cast<std::ptrdiff_t>(image * static_cast<size_t>(first)));
  });
  std::vector<int32_t> labels;
  for (int32_t image = 0; image < kImages; ++image) labels.push_back(image);
  for (uint64_t step = 0; step < 3; ++step) {
    const std::vector<float> images = make_images(model, step);
    ASSERT_TRUE(engine.step(images, labels, 0).ok());
    for (Isa isa : {Isa::kReference, select_isa().value()}) {
      const Codes expected = run_file(model, plan, images, isa);
      ASSERT_EQ(codes.size(), expected.size());
      for (const auto& [name, values] : expected) EXPECT_TRUE(codes[name] == values) << name << " in step " << step;
    }
    for (size_t k = 0; k < engine.parameters().size(); ++k) {
      std::span<float> values = model.tensor(engine.parameters()[k]).as<float>();
      for (size_t i = 0; i < values.size(); ++i) values[i] -= 1e-3f * engine.gradient(k)[i];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, IntegerTraining,
                         testing::Values("mnist_guide", "resnet8", "mobilenet_v2_cifar", "case_study", "gated_small"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace liteqat
