// Evaluation in float (train) against the integer runtime, activation by activation: two implementations that share no arithmetic must
// come to the same codes. Needs no data: weights, batch-norm statistics and images are random.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>

#include "base/rng.h"
#include "graph/architectures.h"
#include "quant/lower.h"
#include "runtime/interpreter.h"
#include "train/engine.h"

namespace liteqat {
namespace {

using graph::Graph;
using graph::TensorId;

constexpr int32_t kImages = 8;

struct Case {
  const char* architecture;
  quant::Scheme scheme;
};

/// Batch norm as training leaves it: everything away from 0 and 1, some gammas negative.
void disturb(Graph& model) {
  Rng rng(99);
  for (graph::Tensor& tensor : model.tensors) {
    const bool variance = tensor.name.find("variance") != std::string::npos;
    const bool parameter = tensor.role == graph::Role::kParameter || tensor.role == graph::Role::kStatistic;
    if (!parameter || tensor.shape.size() != 1) continue;
    for (float& value : tensor.as<float>()) {
      value += variance ? rng.next_float() : 0.4f * (rng.next_float() - 0.5f);
      if (!variance && rng.next_below(16) == 0) value = -value;
    }
  }
}

struct Quantized {
  Graph model;
  quant::Plan plan;
  std::vector<float> images;
};

Quantized make_quantized(const Case& param, ThreadPool& pool) {
  graph::ArchitectureOptions options{.name = param.architecture};
  const bool mnist = options.name.rfind("mnist", 0) == 0;
  if (!mnist) options.height = options.width = 32, options.channels = 3;
  options.alpha = 0.35f;
  Graph model = graph::make_architecture(options).value();
  disturb(model);
  if (param.scheme == quant::Scheme::kLiteqat8Bit) model = quant::fold_batch_norm(model).value();
  quant::Plan plan = quant::make_plan(model, param.scheme).value();
  Quantized quantized = {std::move(model), std::move(plan), {}};
  Rng rng(5);
  quantized.images.resize(static_cast<size_t>(kImages * graph::elem_count(quantized.model.tensor(quantized.model.inputs[0]).shape)));
  for (float& pixel : quantized.images) pixel = static_cast<float>(rng.next_below(256)) / 255;
  auto engine = train::Engine::make(quantized.model, &quantized.plan, pool, {.max_batch = kImages, .chunk = 2}).value();
  engine.forward(quantized.images, kImages, train::Mode::kCalibration);
  quant::apply_observations(quantized.plan, engine.observations());
  quant::set_weight_ranges(quantized.plan, quantized.model);
  return quantized;
}

/// The runtime's codes of every activation, by name.
std::map<std::string, std::vector<int8_t>> run_deployed(const Graph& deployed, const Quantized& quantized) {
  Graph exposed = deployed;
  exposed.outputs.clear();
  for (const graph::Op& op : deployed.ops) exposed.outputs.push_back(op.outputs[0]);
  auto interpreter = runtime::Interpreter::prepare(exposed, {.batch = kImages}).value();
  std::memcpy(interpreter.input(0).data(), quantized.images.data(), interpreter.input(0).size());
  interpreter.invoke();
  std::map<std::string, std::vector<int8_t>> codes;
  for (size_t op = 0; op < exposed.ops.size(); ++op) {
    const auto bytes = interpreter.output(op);
    std::vector<int8_t>& values = codes[exposed.tensor(exposed.outputs[op]).name];
    values.resize(bytes.size());
    std::memcpy(values.data(), bytes.data(), bytes.size());
  }
  return codes;
}

class DeployedEvaluation : public testing::TestWithParam<Case> {};

// Sums of convolutions and of pooling are whole multiples of a known unit, which float noise (below 2^-20 of sums below 2^19 here) cannot
// hide: no code may differ. ADD's sums are only as exact as float32: 2^-23 of at most 510 steps shifts a rounding edge by 6e-5 steps, so
// about 1 code in 10,000 may differ by 1, and readers of it with it. SOFTMAX is an approximation in the runtime and left out.
TEST_P(DeployedEvaluation, EveryActivationHasTheRuntimesCodes) {
  ThreadPool pool(2);
  Quantized quantized = make_quantized(GetParam(), pool);
  const Graph deployed = quant::lower_to_int8(quantized.model, quantized.plan, quant::IoType::kFloat32).value();
  const auto codes = run_deployed(deployed, quantized);
  auto engine =
      train::Engine::make(quantized.model, &quantized.plan, pool, {.max_batch = kImages, .chunk = 2, .as_deployed = true}).value();
  engine.forward(quantized.images, kImages, train::Mode::kEvaluation);
  int64_t compared = 0, unequal = 0;
  for (const quant::Quantizer& quantizer : quantized.plan.quantizers) {
    const std::string& name = quantized.model.tensor(quantizer.tensor).name;
    const int32_t producer = quantized.model.find_producer(quantizer.tensor);
    if (quantizer.weight || producer < 0) continue;
    if (quantized.model.ops[static_cast<size_t>(producer)].kind == graph::OpKind::kSoftmax) continue;
    const std::string inner = quantizer.tensor == quantized.model.outputs[0] ? name + "_int8" : name;
    ASSERT_TRUE(codes.contains(inner)) << inner;
    const graph::Quantization& grid = deployed.tensor(deployed.find_tensor(inner)).quantization;
    const std::vector<float> values = engine.copy_activation(quantizer.tensor);
    const std::vector<int8_t>& expected = codes.at(inner);
    ASSERT_EQ(values.size(), expected.size()) << inner;
    for (size_t i = 0; i < values.size(); ++i) {
      const double code = static_cast<double>(values[i]) / static_cast<double>(grid.scale[0]) + static_cast<double>(grid.zero_point[0]);
      unequal += std::lround(code) != expected[i];
      ASSERT_NEAR(code, expected[i], 3) << inner << " element " << i;
    }
    compared += static_cast<int64_t>(values.size());
  }
  RecordProperty("unequal", std::to_string(unequal));
  EXPECT_GT(compared, kImages * 1000);
  EXPECT_LE(unequal * 5000, compared) << unequal << " of " << compared << " codes differ";
}

INSTANTIATE_TEST_SUITE_P(Networks, DeployedEvaluation,
                         testing::Values(Case{"mnist_guide", quant::Scheme::kTfmot8Bit}, Case{"mnist_guide", quant::Scheme::kLiteqat8Bit},
                                         Case{"resnet8", quant::Scheme::kTfmot8Bit}, Case{"resnet8", quant::Scheme::kLiteqat8Bit},
                                         Case{"mobilenet_v2_cifar", quant::Scheme::kTfmot8Bit},
                                         Case{"mobilenet_v2_cifar", quant::Scheme::kLiteqat8Bit},
                                         Case{"case_study", quant::Scheme::kTfmot8Bit}),
                         [](const auto& param) {
                           return std::string(param.param.architecture) + "_" + quant::scheme_name(param.param.scheme);
                         });

}  // namespace
}  // namespace liteqat
