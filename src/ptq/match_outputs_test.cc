// Rows, bias correction and re-estimation against what the runtime computes: layers with coarse weights, before and after.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "graph/builder.h"
#include "ptq/images_for_test.h"
#include "ptq/optimize.h"
#include "quant/lower.h"

namespace liteqat::ptq {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::Tensor;
using graph::TensorId;

/// A convolution with stride, a depthwise one with dilation and multiplier 2, a dense layer; nothing between them bends.
Graph three_layers() {
  GraphBuilder builder("test", 3, {});
  TensorId x = builder.conv2d("conv", builder.input(kHeight, kWidth, kChannels), {.filters = 3, .kernel = 3, .stride = 2, .bias = true});
  x = builder.depthwise("spatial", x, {.filters = 2, .kernel = 2, .bias = true, .dilation = 2});
  Graph graph = builder.finish(builder.dense("dense", builder.reshape("flatten", x, {-1, 54}), 4), "out").value();
  Rng rng(5);
  for (const graph::Op& op : graph.ops) {
    if (op.inputs.size() < 3) continue;
    for (float& value : graph.tensor(op.inputs[2]).as<float>()) value = rng.next_float() - 0.5f;
  }
  return quant::lower_to_float(graph).value();
}

/// Rows are those of the runtime's convolutions: times the weights and plus the bias they are the layer's outputs, position by position.
TEST(Rows, TimesTheWeightsAreTheLayersOutputs) {
  Bench bench;
  const Graph model = three_layers();
  const std::vector<RowLayer> layers = find_row_layers(model);
  ASSERT_EQ(layers.size(), 3u);
  std::vector<std::vector<float>> rows(layers.size());
  ASSERT_TRUE(sample_rows(model, layers, bench.images, bench.sampling, bench.machine, [&](size_t layer, std::span<const float> found) {
                rows[layer].insert(rows[layer].end(), found.begin(), found.end());
              }).ok());
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    SCOPED_TRACE(model.ops[layers[layer].op].name);
    const graph::Op& op = model.ops[layers[layer].op];
    const auto weights = model.tensor(op.inputs[1]).as<float>();
    const auto bias = model.tensor(op.inputs[2]).as<float>();
    const std::vector<std::vector<float>> outputs = observe(model, op.outputs[0], bench);
    const size_t width = layers[layer].width, channels = layers[layer].channels;
    size_t row = 0;
    for (const std::vector<float>& image : outputs) {
      for (size_t position = 0; position < image.size() / channels; ++position, ++row) {
        ASSERT_LE((row + 1) * width, rows[layer].size());
        for (size_t channel = 0; channel < channels; ++channel) {
          double sum = bias[channel], size = std::abs(bias[channel]);
          for (size_t i = layers[layer].depthwise ? channel : 0; i < width; i += layers[layer].depthwise ? channels : 1) {
            const double product =
                static_cast<double>(rows[layer][row * width + i]) * weights[layers[layer].depthwise ? i : channel * width + i];
            sum += product, size += std::abs(product);
          }
          // A float32 sum of n terms is off by at most n 2^-24 times the sum of their sizes (Higham, 4.2).
          EXPECT_NEAR(image[position * channels + channel], sum, static_cast<double>(width + 1) * 0x1p-23 * size);
        }
      }
    }
    EXPECT_EQ(row * width, rows[layer].size());
  }
}

/// Codes of all layers, each a fifth too large and moved: means and deviations are far off.
quant::WeightCodesById spoiled_codes(const Graph& model) {
  const std::vector<quant::LayerChoice> layers(model.ops.size());
  quant::WeightCodesById codes = quant::round_all_weights(model, layers).value();
  for (auto& [id, weights] : codes) {
    for (float& scale : weights.scale) scale *= 1.2f;
    for (int8_t& code : weights.codes) code = static_cast<int8_t>(std::min(127, code + 12));
  }
  return codes;
}

/// `model` with the weights that one layer's codes stand for, and that layer's bias of `corrected`.
Graph with_codes_of(const Graph& model, const Graph& corrected, const graph::Op& op, const quant::WeightCodesById& codes) {
  Graph changed = model;
  Tensor& weights = changed.tensor(op.inputs[1]);
  const std::vector<float> real = quant::real_weights(codes.at(op.inputs[1]), weights, op.kind);
  std::ranges::copy(real, weights.as<float>().begin());
  changed.tensor(op.inputs[2]).data = corrected.tensor(op.inputs[2]).data;
  return changed;
}

class MatchOutputs : public testing::TestWithParam<MatchOptions> {};

/// Each layer alone with its codes, behind the float layers, gives the means that are asked for, and the deviations.
TEST_P(MatchOutputs, PutsMomentsBack) {
  Bench bench;
  const Graph model = three_layers();
  quant::WeightCodesById codes = spoiled_codes(model);
  const quant::WeightCodesById before = codes;
  Graph corrected = model;
  const Status status = match_outputs(bench.images, bench.sampling, GetParam(), bench.machine, corrected, codes);
  ASSERT_TRUE(status.ok()) << status.message();
  for (const RowLayer& layer : find_row_layers(model)) {
    const graph::Op& op = model.ops[layer.op];
    SCOPED_TRACE(op.name);
    const Moments wanted = measure(model, op.outputs[0], bench);
    const Moments spoiled = measure(with_codes_of(model, model, op, before), op.outputs[0], bench);
    const Moments found = measure(with_codes_of(model, corrected, op, codes), op.outputs[0], bench);
    for (size_t channel = 0; channel < wanted.mean.size(); ++channel) {
      // Outputs are below 100 in size, and float32 sums of at most 55 terms: 55 * 2^-24 * 100 = 3.3e-4; the bias is rounded once.
      EXPECT_NEAR(found.mean[channel], wanted.mean[channel], 4e-4);
      EXPECT_GT(std::abs(spoiled.deviation[channel] / wanted.deviation[channel] - 1), 0.02) << "nothing to put back";
      if (GetParam().deviations) {
        EXPECT_NEAR(found.deviation[channel], wanted.deviation[channel], 4e-4);
      } else {
        EXPECT_NEAR(found.deviation[channel], spoiled.deviation[channel], 4e-4);
      }
    }
    EXPECT_EQ(codes.at(op.inputs[1]).codes, before.at(op.inputs[1]).codes);
  }
}

INSTANTIATE_TEST_SUITE_P(All, MatchOutputs, testing::Values(MatchOptions{true, false}, MatchOptions{true, true}));

TEST(MatchOutputs, NothingAskedForChangesNothing) {
  Bench bench;
  const Graph model = three_layers();
  quant::WeightCodesById codes = spoiled_codes(model);
  Graph corrected = model;
  ASSERT_TRUE(match_outputs(bench.images, bench.sampling, {.means = false, .deviations = false}, bench.machine, corrected, codes).ok());
  for (size_t id = 0; id < model.tensors.size(); ++id) EXPECT_EQ(corrected.tensors[id].data, model.tensors[id].data);
}

}  // namespace
}  // namespace liteqat::ptq
