// Quantization after training from end to end on small networks: what correction and equalization promise.
#include "ptq/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "graph/builder.h"
#include "ptq/images_for_test.h"
#include "quant/lower.h"

namespace liteqat::ptq {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::TensorId;

/// Mean difference of the outputs from the float model's, by channel, the largest.
double output_shift(const Graph& model, const Method& method, Bench& bench) {
  const Request request = {.model = model, .layers = std::vector<quant::LayerChoice>(model.ops.size()), .method = method, .ranges = {}};
  const auto outcome = quantize_after_training(request, bench.images, bench.machine);
  EXPECT_TRUE(outcome.ok()) << outcome.status().message();
  const Moments wanted = measure(model, model.outputs[0], bench);
  const Moments found = measure(outcome->quantized.graph, outcome->quantized.graph.outputs[0], bench);
  double shift = 0;
  for (size_t channel = 0; channel < wanted.mean.size(); ++channel)
    shift = std::max(shift, std::abs(found.mean[channel] - wanted.mean[channel]));
  return shift;
}

/// From end to end. Weights of one sign under one large one: rounding moves every mean the same way, and correction takes that off.
TEST(QuantizeAfterTraining, CorrectedBiasesKeepTheMeans) {
  Bench bench;
  bench.normalization = {{0.0f}, {64.0f}};  // inputs above 0
  GraphBuilder builder("test", 3, {});
  const TensorId x = builder.conv2d("conv", builder.input(kHeight, kWidth, kChannels), {.filters = 2, .kernel = 3, .bias = true});
  Graph model = quant::lower_to_float(builder.finish(x, "out").value()).value();
  const auto weights = model.tensor(model.ops[0].inputs[1]).as<float>();
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = i % 18 == 0 ? 12.7f : 0.049f;  // steps of 0.1: 0.049 becomes 0
  Method method;
  method.sampling = bench.sampling;
  const double plain = output_shift(model, method, bench);
  method.correct_bias = true;
  const double corrected = output_shift(model, method, bench);
  // 17 weights of 0.049 on inputs of mean 2, some outside the image, are about 1.5; the output's step is near 0.2, and rounding adds no
  // mean.
  EXPECT_GT(plain, 0.8);
  EXPECT_LT(corrected, 0.1);
}

/// RELU and RELU6 between layers of every kind; the channels of each layer reach very differently far.
Graph uneven_network() {
  GraphBuilder builder("test", 3, {});
  TensorId x = builder.input(kHeight, kWidth, kChannels);
  x = builder.relu("relu_1", builder.conv2d("first", x, {.filters = 4, .kernel = 3, .bias = true}));
  x = builder.relu6("relu_2", builder.depthwise("spatial", x, {.filters = 1, .kernel = 3, .bias = true}));
  x = builder.relu6("relu_3", builder.conv2d("second", x, {.filters = 5, .kernel = 1, .bias = true}));
  const TensorId forked = builder.relu("relu_4", builder.conv2d("third", x, {.filters = 5, .kernel = 3, .bias = true}));
  const TensorId left = builder.conv2d("left", forked, {.filters = 3, .bias = true});
  const TensorId right = builder.conv2d("right", forked, {.filters = 3, .bias = true});
  Graph graph = builder.finish(builder.add("sum", left, right), "out").value();
  graph = quant::lower_to_float(graph).value();
  for (graph::Op& op : graph.ops) {
    if (op.inputs.size() < 3) continue;
    graph::Tensor& weights = graph.tensor(op.inputs[1]);
    const quant::OutputChannel channel_of(weights, op.kind);
    const auto factor = [](size_t channel) { return std::ldexp(1.0f, static_cast<int>(channel * 2) - 4); };
    for (size_t i = 0; i < weights.as<float>().size(); ++i) weights.as<float>()[i] *= factor(channel_of(i));
    const auto bias = graph.tensor(op.inputs[2]).as<float>();
    for (size_t channel = 0; channel < bias.size(); ++channel) bias[channel] = 0.1f * factor(channel);
  }
  return graph;
}

/// Ratio of the largest to the smallest weight of a layer's output channels, each channel by its largest one.
float spread(const Graph& model, const std::string& layer) {
  const auto op = std::ranges::find(model.ops, layer, &graph::Op::name);
  EXPECT_NE(op, model.ops.end()) << layer;
  const graph::Tensor& weights = model.tensor(op->inputs[1]);
  const quant::OutputChannel channel_of(weights, op->kind);
  std::vector<float> reach(channel_of.channels(), 0.0f);
  const auto values = weights.as<float>();
  for (size_t i = 0; i < values.size(); ++i) reach[channel_of(i)] = std::max(reach[channel_of(i)], std::abs(values[i]));
  return *std::ranges::max_element(reach) / *std::ranges::min_element(reach);
}

/// The function stays on the calibration images, for every kind of layer and either activation; weights become more even where one layer
/// alone reads a layer's outputs, and stay where two do.
TEST(QuantizeAfterTraining, EqualizationKeepsTheFunction) {
  Bench bench;
  const Graph model = uneven_network();
  Method method;
  method.equalize = true;
  const Request request = {.model = model, .layers = std::vector<quant::LayerChoice>(model.ops.size()), .method = method, .ranges = {}};
  const auto outcome = quantize_after_training(request, bench.images, bench.machine);
  ASSERT_TRUE(outcome.ok()) << outcome.status().message();
  EXPECT_EQ(outcome->equalized_pairs, 3);
  const auto wanted = observe(model, model.outputs[0], bench), found = observe(outcome->model, outcome->model.outputs[0], bench);
  float largest = 0;
  for (const std::vector<float>& image : wanted) {
    for (float value : image) largest = std::max(largest, std::abs(value));
  }
  for (size_t image = 0; image < wanted.size(); ++image) {
    for (size_t i = 0; i < wanted[image].size(); ++i) {
      // Six layers of sums of at most 45 products, each off by 2 * 45 * 2^-24 of its size in either network, and two roundings a factor.
      ASSERT_NEAR(found[image][i], wanted[image][i], 6 * (2 * 45 + 4) * 0x1p-23f * largest);
    }
  }
  EXPECT_LT(spread(outcome->model, "first"), spread(model, "first") / 4);
  EXPECT_LT(spread(outcome->model, "second"), spread(model, "second"));
  const auto third = std::ranges::find(model.ops, "third", &graph::Op::name);  // two layers read it
  EXPECT_EQ(outcome->model.tensor(third->inputs[2]).data, model.tensor(third->inputs[2]).data);
}

}  // namespace
}  // namespace liteqat::ptq
