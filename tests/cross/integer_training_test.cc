// The integer forward inside training against the model file that would be exported at that moment: written, read back and run by the
// runtime, every activation must have the same codes. Of random images in every step, and of a data set's 10,000 test images after some
// steps on its training images; weights and batch-norm statistics are random.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>

#include "base/rng.h"
#include "data/batches.h"
#include "data/dataset.h"
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
Codes run_file(const Graph& model, const quant::Plan& plan, const std::vector<float>& images, Isa isa, int32_t count = kImages) {
  const Graph lowered = quant::lower_to_int8(model, plan, quant::IoType::kFloat32).value();
  Graph exported = formats::tflite::read(formats::tflite::write(lowered).value(), "model.tflite").value();
  std::vector<graph::TensorId> outputs;
  for (const graph::Op& op : exported.ops) outputs.push_back(op.outputs[0]);
  exported.outputs = outputs;
  auto interpreter = runtime::Interpreter::prepare(exported, {.batch = count, .isa = isa}).value();
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

/// Gathers every int8 activation of the forward passes of a batch of `count` images in chunks of `chunk`.
class CodeCollector {
 public:
  CodeCollector(train::IntegerEngine& engine, int32_t count, int32_t chunk) {
    engine.set_inspector([this, count, chunk](const std::string& name, int32_t first, std::span<const int8_t> part) {
      const std::lock_guard lock(mutex_);
      const size_t image = part.size() / static_cast<size_t>(std::min(chunk, count - first));
      codes_[name].resize(image * static_cast<size_t>(count));
      std::copy(part.begin(), part.end(), codes_[name].begin() + static_cast<std::ptrdiff_t>(image * static_cast<size_t>(first)));
    });
  }
  const Codes& codes() const { return codes_; }

 private:
  std::mutex mutex_;
  Codes codes_;
};

void descend(Graph& model, const train::IntegerEngine& engine) {
  for (size_t k = 0; k < engine.parameters().size(); ++k) {
    std::span<float> values = model.tensor(engine.parameters()[k]).as<float>();
    for (size_t i = 0; i < values.size(); ++i) values[i] -= 1e-3f * engine.gradient(k)[i];
  }
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
  const CodeCollector collector(engine, kImages, 4);
  std::vector<int32_t> labels;
  for (int32_t image = 0; image < kImages; ++image) labels.push_back(image);
  for (uint64_t step = 0; step < 3; ++step) {
    const std::vector<float> images = make_images(model, step);
    ASSERT_TRUE(engine.step(images, labels, 0).ok());
    for (Isa isa : {Isa::kReference, select_isa().value()}) {
      const Codes expected = run_file(model, plan, images, isa);
      ASSERT_EQ(collector.codes().size(), expected.size());
      for (const auto& [name, values] : expected) EXPECT_TRUE(collector.codes().at(name) == values) << name << " in step " << step;
    }
    descend(model, engine);
  }
}

struct FullSplit {
  const char* network;
  const char* dataset;
  float divisor;  // of pixels
};

std::string folder_of(const std::string& dataset) {
  if (dataset == "mnist") return LITEQAT_SOURCE_DIR "/data/mnist";
  const char* shared = std::getenv("LITEQAT_SHARED");
  return (shared == nullptr ? std::string(LITEQAT_SOURCE_DIR "/../shared") : std::string(shared)) + "/data/cifar-10-batches-bin";
}

class IntegerTrainingOnData : public testing::TestWithParam<FullSplit> {};

TEST_P(IntegerTrainingOnData, EvaluationHasTheCodesOfTheExportedFileOnAllTestImages) {
  constexpr int32_t kBatch = 100, kChunk = 8, kSteps = 10;
  const std::string folder = folder_of(GetParam().dataset);
  if (!std::filesystem::exists(folder)) {
    ASSERT_EQ(std::getenv("LITEQAT_REQUIRE_ORACLES"), nullptr) << folder << " is missing";
    GTEST_SKIP() << folder << " is missing: set LITEQAT_SHARED";
  }
  const data::Dataset dataset = data::read_dataset(GetParam().dataset, folder).value();
  ASSERT_EQ(dataset.test.count, 10000);
  const data::Normalization normalization = {.mean = {0.0f}, .std = {GetParam().divisor}};
  const data::BatchFiller train_images(dataset.train, normalization, {}, 0), test_images(dataset.test, normalization, {}, 0);
  graph::ArchitectureOptions options{.name = GetParam().network};
  options.height = dataset.test.height, options.width = dataset.test.width, options.channels = dataset.test.channels;
  Graph model = graph::make_architecture(options).value();
  disturb(model);
  quant::Plan plan = quant::make_plan(model, quant::Scheme::kLiteqat8Bit).value();
  ThreadPool pool(2);
  auto engine = train::IntegerEngine::make(model, plan, pool, {.max_batch = kBatch, .chunk = kChunk}).value();
  std::vector<float> images(static_cast<size_t>(kBatch * dataset.test.image_elems()));
  std::vector<int32_t> indices(kBatch), labels(kBatch);
  const auto load = [&](const data::BatchFiller& filler, const data::Split& split, int32_t first) {
    for (int32_t i = 0; i < kBatch; ++i) {
      indices[static_cast<size_t>(i)] = first + i;
      labels[static_cast<size_t>(i)] = split.labels[static_cast<size_t>(first + i)];
    }
    filler.fill(indices, 0, images);
  };
  for (int32_t step = 0; step < kSteps; ++step) {
    load(train_images, dataset.train, step * kBatch);
    ASSERT_TRUE(engine.step(images, labels, 0).ok());
    descend(model, engine);
  }
  const CodeCollector collector(engine, kBatch, kChunk);
  int64_t activations = 0;
  for (int32_t first = 0; first < dataset.test.count; first += kBatch) {
    load(test_images, dataset.test, first);
    ASSERT_TRUE(engine.evaluate(images, labels).ok());
    const Codes expected = run_file(model, plan, images, select_isa().value(), kBatch);
    ASSERT_EQ(collector.codes().size(), expected.size());
    for (const auto& [name, values] : expected) {
      ASSERT_TRUE(collector.codes().at(name) == values) << name << ", images " << first << " to " << first + kBatch;
      activations += static_cast<int64_t>(values.size());
    }
  }
  std::printf("%s, %lld codes of 10,000 images: no difference\n", GetParam().network, static_cast<long long>(activations));
}

INSTANTIATE_TEST_SUITE_P(Networks, IntegerTrainingOnData,
                         testing::Values(FullSplit{"mnist_small", "mnist", 255.0f}, FullSplit{"resnet8", "cifar10", 1.0f}),
                         [](const auto& param) { return std::string(param.param.network); });

INSTANTIATE_TEST_SUITE_P(Networks, IntegerTraining,
                         testing::Values("mnist_guide", "resnet8", "mobilenet_v2_cifar", "case_study", "gated_small"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace liteqat
