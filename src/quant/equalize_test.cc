// Equalization keeps the function and evens out what channels' weights reach.
#include "quant/equalize.h"

#include <gtest/gtest.h>

#include <cmath>

#include "graph/builder.h"
#include "quant/graphs_for_test.h"
#include "quant/lower.h"

namespace liteqat::quant {
namespace {

/// input [1,1,1,2] -> 1x1 to 2 channels -> RELU or RELU6 -> 1x1 to 1 channel.
graph::Graph two_layers(bool bounded) {
  graph::GraphBuilder builder("test", 1, {});
  const graph::TensorId hidden = builder.conv2d("first", builder.input(1, 1, 2), {.filters = 2, .bias = true});
  const graph::TensorId relu = bounded ? builder.relu6("act", hidden) : builder.relu("act", hidden);
  graph::Graph graph = builder.finish(builder.conv2d("second", relu, {.filters = 1, .bias = true}), "out").value();
  graph::Graph fused = lower_to_float(graph).value();
  set_floats(fused, fused.tensor(fused.ops[0].inputs[1]).name, {8, 2, 0.25f, 0.5f});
  set_floats(fused, fused.tensor(fused.ops[0].inputs[2]).name, {4, 1});
  set_floats(fused, fused.tensor(fused.ops[1].inputs[1]).name, {0.5f, 2});
  return fused;
}

std::vector<float> weights(const graph::Graph& graph, size_t op, size_t input) {
  const auto values = graph.tensor(graph.ops[op].inputs[input]).as<float>();
  return {values.begin(), values.end()};
}

TEST(Equalize, BothLayersReachAsFarBehindRelu) {
  graph::Graph graph = two_layers(false);
  ChannelPeaks peaks;
  EXPECT_EQ(find_equalizable(graph), (std::vector<graph::TensorId>{graph.ops[0].outputs[0]}));
  EXPECT_EQ(equalize_layers(graph, peaks), 1);
  // Factors sqrt(8 / 0.5) = 4 and sqrt(0.5 / 2) = 0.5: both layers reach sqrt(8 * 0.5) = 2 and sqrt(0.5 * 2) = 1.
  EXPECT_EQ(weights(graph, 0, 1), (std::vector<float>{2, 0.5f, 0.5f, 1}));
  EXPECT_EQ(weights(graph, 0, 2), (std::vector<float>{1, 2}));
  EXPECT_EQ(weights(graph, 1, 1), (std::vector<float>{2, 1}));
}

TEST(Equalize, Relu6KeepsChannelsThatItCutsAndNeverStartsToCut) {
  graph::Graph graph = two_layers(true);
  ChannelPeaks peaks = {{graph.tensor(graph.ops[0].outputs[0]).name, {6.0f, 4.5f}}};
  equalize_layers(graph, peaks);
  // Channel 0 reached 6: as it was. Channel 1 would be divided by 0.5 and reach 9: it is divided by 4.5 / 6 instead, and a little.
  EXPECT_EQ(weights(graph, 0, 1)[0], 8);
  EXPECT_EQ(weights(graph, 1, 1)[0], 0.5f);
  EXPECT_NEAR(weights(graph, 1, 1)[1], 2 * 0.75, 0.01);
  EXPECT_LE(peaks.begin()->second[1], 6.0f);
  EXPECT_GT(peaks.begin()->second[1], 5.9f);
}

TEST(Equalize, ChannelsWithoutWeightsStay) {
  graph::Graph graph = two_layers(false);
  set_floats(graph, graph.tensor(graph.ops[1].inputs[1]).name, {0, 2});
  ChannelPeaks peaks;
  equalize_layers(graph, peaks);
  EXPECT_EQ(weights(graph, 0, 1)[0], 8);
}

}  // namespace
}  // namespace liteqat::quant
