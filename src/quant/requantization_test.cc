#include "quant/requantization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quant/graphs_for_test.h"
#include "quant/lower.h"

namespace liteqat::quant {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::TensorId;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::IsEmpty;

Requantization requantization_of(const Graph& graph, const Plan& plan, const std::string& name) {
  const auto found = find_requantizations(graph, plan);
  EXPECT_TRUE(found.ok()) << found.status().message();
  return found->at(static_cast<size_t>(plan.find(graph.find_tensor(name)) - plan.quantizers.data()));
}

TEST(Requantization, ConvolutionsRoundTwiceByChannel) {
  Graph graph = fold_batch_norm(conv_bn_relu()).value();
  set_floats(graph, "conv/kernel", {1.27f, 0.0f, 0.0f, 0.254f});
  Plan plan = make_plan(graph, Scheme::kLiteqat8Bit).value();
  set_range(graph, plan, "input", 0.0f, 255.0f);
  set_range(graph, plan, "out", 0.0f, 127.5f);
  const Requantization found = requantization_of(graph, plan, "out");
  // Input scale 1, weight scales 0.01 and 0.002, output scale 0.5: factors 0.02 and 0.004, in [2^-6, 2^-5) and [2^-8, 2^-7).
  EXPECT_THAT(found.unit, ElementsAre(DoubleNear(0.01, 1e-8), DoubleNear(0.002, 1e-9)));
  EXPECT_THAT(found.factor, ElementsAre(DoubleNear(0.02, 1e-8), DoubleNear(0.004, 1e-9)));
  EXPECT_THAT(found.first, ElementsAre(32.0, 128.0));
  EXPECT_THAT(requantization_of(graph, plan, "input").unit, IsEmpty());
}

TEST(Requantization, BatchNormGoesIntoTheUnitUnderTfmot) {
  Graph graph = conv_bn_relu();
  set_floats(graph, "conv/kernel", {1.27f, 0.0f, 0.0f, 1.27f});
  set_floats(graph, "conv_bn/gamma", {-2.0f, 4.0f});
  set_floats(graph, "conv_bn/moving_variance", {1.0f - 1e-3f, 1.0f - 1e-3f});
  Plan plan = make_plan(graph, Scheme::kTfmot8Bit).value();
  set_weight_ranges(plan, graph);
  set_range(graph, plan, "input", 0.0f, 255.0f);
  EXPECT_THAT(requantization_of(graph, plan, "out").unit, ElementsAre(DoubleNear(0.02, 1e-8), DoubleNear(0.04, 1e-8)));
}

TEST(Requantization, FullyConnectedRoundsOnce) {
  Graph graph = dense_only();
  set_floats(graph, "dense/kernel", {1.27f, 0.0f, 0.5f, -1.0f});
  Plan plan = make_plan(graph, Scheme::kLiteqat8Bit).value();
  set_range(graph, plan, "input", 0.0f, 255.0f);
  EXPECT_THAT(requantization_of(graph, plan, "out").first, ElementsAre(0x1p30));
}

/// input [1,4,4,2] plus a convolution of it, then `reduce`.
template <typename Reduce>
Graph make_reduced(const Reduce& reduce) {
  GraphBuilder builder("test", 1, {});
  const TensorId x = builder.input(4, 4, 2);
  const TensorId conv = builder.conv2d("conv", x, {.filters = 2});
  return builder.finish(reduce(builder, builder.add("sum", x, conv)), "out").value();
}

TEST(Requantization, AddMeanAndPooling) {
  const Graph mean = make_reduced([](GraphBuilder& b, TensorId x) { return b.global_mean("mean", x); });
  Plan plan = make_plan(mean, Scheme::kLiteqat8Bit).value();
  set_range(mean, plan, "input", 0.0f, 255.0f);
  set_range(mean, plan, "conv", -25.5f, 25.5f);
  set_range(mean, plan, "sum", -127.5f, 127.5f);
  set_range(mean, plan, "out", 0.0f, 63.75f);
  // ADD: twice the larger scale, 2, to 20 bits; 2^-19 to a scale of 1.
  const Requantization sum = requantization_of(mean, plan, "sum");
  EXPECT_THAT(sum.unit, ElementsAre(0x1p-19));
  EXPECT_THAT(sum.first, ElementsAre(0x1p18));
  // MEAN over 16: input scale 1, output scale 0.25. QuantizeMultiplier(4) has exponent 3, 16 shifts by 4.
  const Requantization out = requantization_of(mean, plan, "out");
  EXPECT_THAT(out.unit, ElementsAre(1.0 / 16));
  EXPECT_THAT(out.factor, ElementsAre(0.25));
  EXPECT_THAT(out.first, ElementsAre(2.0));

  const auto pool = [](GraphBuilder& b, TensorId x) { return b.average_pool("pool", x, {.filter_h = 2, .filter_w = 2}); };
  const Graph pooled = make_reduced(pool);
  plan = make_plan(pooled, Scheme::kLiteqat8Bit).value();
  set_range(pooled, plan, "sum", -0.25f, 63.5f);
  const Requantization average = requantization_of(pooled, plan, "out");
  EXPECT_THAT(average.unit, ElementsAre(0.0625));
  EXPECT_EQ(average.divisor, 4);
  EXPECT_EQ(average.offset, -127);

  // TFMOT gives pooling a range of its own: a QUANTIZE follows the average.
  plan = make_plan(pooled, Scheme::kTfmot8Bit).value();
  set_weight_ranges(plan, pooled);
  set_range(pooled, plan, "sum", -0.25f, 63.5f);
  set_range(pooled, plan, "out", 0.0f, 127.5f);
  const Requantization requantized = requantization_of(pooled, plan, "out");
  EXPECT_THAT(requantized.unit, ElementsAre(0.0625));
  EXPECT_THAT(requantized.factor, ElementsAre(0.5));
  EXPECT_EQ(requantized.divisor, 4);
}

TEST(Requantization, RefusesWhatCannotBeLowered) {
  const Graph graph = dense_only();
  EXPECT_FALSE(find_requantizations(graph, Plan{}).ok());
}

}  // namespace
}  // namespace liteqat::quant
