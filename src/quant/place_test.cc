// Placement against the lists of tflite-int8.md sections 4.1 to 4.3, written out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/architectures.h"
#include "quant/graphs_for_test.h"
#include "quant/lower.h"
#include "quant/plan.h"

namespace liteqat::quant {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::TensorId;
using testing::Each;
using testing::ElementsAre;

const Quantizer& at(const Graph& graph, const Plan& plan, const std::string& name) {
  const Quantizer* quantizer = plan.find(graph.find_tensor(name));
  LITEQAT_CHECK(quantizer != nullptr);
  return *quantizer;
}

TEST(MakePlan, TfmotOnTheGuideNetwork) {
  const Graph graph = graph::make_architecture({.name = "mnist_guide"}).value();
  const Plan plan = make_plan(graph, Scheme::kTfmot8Bit).value();
  EXPECT_THAT(quantized_tensors(graph, plan), ElementsAre("input", "conv2d/kernel", "conv2d_relu", "dense/kernel", "logits"));
  EXPECT_FALSE(plan.quantize_bias);

  const Quantizer& input = at(graph, plan, "input");
  EXPECT_EQ(input.update, RangeUpdate::kAllValues);
  EXPECT_THAT(input.min, ElementsAre(0.0f));
  EXPECT_THAT(input.max, ElementsAre(0.0f));

  const Quantizer& kernel = at(graph, plan, "conv2d/kernel");
  EXPECT_TRUE(kernel.weight && kernel.symmetric && kernel.narrow && kernel.per_channel_operator);
  EXPECT_EQ(kernel.update, RangeUpdate::kLastValue);
  EXPECT_EQ(kernel.axis, 0);
  EXPECT_EQ(kernel.min, std::vector<float>(12, -6.0f));
  EXPECT_EQ(kernel.max, std::vector<float>(12, 6.0f));

  const Quantizer& dense = at(graph, plan, "dense/kernel");
  EXPECT_TRUE(dense.weight && dense.symmetric && dense.narrow);
  EXPECT_FALSE(dense.per_channel_operator);
  EXPECT_EQ(dense.channels, 1);
  EXPECT_EQ(dense.axis, -1);

  const Quantizer& logits = at(graph, plan, "logits");
  EXPECT_EQ(logits.update, RangeUpdate::kMovingAverage);
  EXPECT_EQ(logits.decay, 0.999f);
  EXPECT_FALSE(logits.weight || logits.symmetric || logits.narrow);
  EXPECT_THAT(logits.min, ElementsAre(-6.0f));
  EXPECT_THAT(logits.max, ElementsAre(6.0f));
}

/// An inverted residual block with padding, as keras.applications builds it, then pooling and a dense softmax.
Graph residual_network() {
  GraphBuilder builder("test", 1, {});
  const TensorId in = builder.input(4, 4, 3);
  TensorId x = builder.relu6("expand_relu", builder.batch_norm("expand_BN", builder.conv2d("expand", in, {.filters = 6})));
  x = builder.depthwise("depthwise", x, {.filters = 1, .kernel = 3});
  x = builder.relu6("depthwise_relu", builder.batch_norm("depthwise_BN", x));
  x = builder.batch_norm("project_BN", builder.conv2d("project", x, {.filters = 3}));
  x = builder.relu("add_relu", builder.add("add", in, x));
  x = builder.average_pool("average", builder.pad("pad", x, {0, 0, 0, 1, 0, 1, 0, 0}), {});
  x = builder.dense("dense", builder.global_mean("mean", x), 2);
  return builder.finish(builder.softmax("softmax", x), "probabilities").value();
}

TEST(MakePlan, TfmotOnAResidualBlock) {
  const Graph graph = residual_network();
  const Plan plan = make_plan(graph, Scheme::kTfmot8Bit).value();
  EXPECT_THAT(quantized_tensors(graph, plan),
              ElementsAre("input", "expand/kernel", "expand_relu", "depthwise/kernel", "depthwise_relu", "project/kernel", "project_BN",
                          "add_relu", "average", "mean", "dense/kernel", "dense"));
  const Quantizer& depthwise = at(graph, plan, "depthwise/kernel");  // Keras' (H,W,C,M): one range
  EXPECT_EQ(depthwise.channels, 1);
  EXPECT_TRUE(depthwise.per_channel_operator);
}

TEST(MakePlan, LiteqatOnAFoldedResidualBlock) {
  const Graph graph = fold_batch_norm(residual_network()).value();
  const Plan plan = make_plan(graph, Scheme::kLiteqat8Bit).value();
  EXPECT_THAT(quantized_tensors(graph, plan),
              testing::UnorderedElementsAre("input", "expand/kernel", "expand_relu", "depthwise/kernel", "depthwise_relu", "project/kernel",
                                            "project_BN", "add_relu", "average", "mean", "dense/kernel", "dense", "probabilities"));
  EXPECT_TRUE(plan.quantize_bias);
  const Quantizer& depthwise = at(graph, plan, "depthwise/kernel");
  EXPECT_EQ(depthwise.channels, 6);
  EXPECT_EQ(depthwise.axis, 3);
  EXPECT_EQ(at(graph, plan, "dense/kernel").channels, 1);
  const Quantizer& average = at(graph, plan, "average");  // through PAD to the tensor that has a scale
  EXPECT_EQ(average.update, RangeUpdate::kShared);
  EXPECT_EQ(average.same_as, graph.find_tensor("add_relu"));
  EXPECT_TRUE(average.min.empty());
  const Quantizer& softmax = at(graph, plan, "probabilities");
  EXPECT_EQ(softmax.update, RangeUpdate::kFixed);
  EXPECT_THAT(softmax.max, ElementsAre(255.0f / 256.0f));
  EXPECT_EQ(at(graph, plan, "mean").decay, 0.99f);
}

TEST(MakePlan, LiteqatStartsFromTheWeights) {
  Graph graph = dense_only();
  set_floats(graph, "dense/kernel", {0.5f, -2.0f, 1.0f, 0.25f});
  const Plan plan = make_plan(graph, Scheme::kLiteqat8Bit).value();
  EXPECT_THAT(at(graph, plan, "dense/kernel").max, ElementsAre(2.0f));
}

TEST(MakePlan, AnOutputWithTwoReadersKeepsItsQuantizer) {
  GraphBuilder builder("test", 1, {});
  const TensorId conv = builder.conv2d("conv", builder.input(2, 2, 2), {.filters = 2});
  const Graph graph = builder.finish(builder.add("add", conv, builder.relu("relu", conv)), "out").value();
  for (Scheme scheme : {Scheme::kTfmot8Bit, Scheme::kLiteqat8Bit}) {
    EXPECT_THAT(quantized_tensors(graph, make_plan(graph, scheme).value()), ElementsAre("input", "conv/kernel", "conv", "relu", "out"));
  }
}

// But for gated_small, whose operators TFMOT's scheme does not know (docs/decisions/0035).
TEST(MakePlan, EveryArchitectureHasAPlanOfBothSchemes) {
  for (const std::string& name : graph::architecture_names()) {
    graph::ArchitectureOptions options = {.name = name};
    if (!name.starts_with("mnist")) options.height = options.width = 32, options.channels = 3;
    const Graph graph = graph::make_architecture(options).value();
    const Result<Plan> tfmot = make_plan(graph, Scheme::kTfmot8Bit);
    EXPECT_EQ(tfmot.ok(), name != "gated_small") << name << ": " << tfmot.status().message();
    const Result<Plan> liteqat = make_plan(fold_batch_norm(graph).value(), Scheme::kLiteqat8Bit);
    EXPECT_TRUE(liteqat.ok()) << name << ": " << liteqat.status().message();
  }
}

}  // namespace
}  // namespace liteqat::quant
