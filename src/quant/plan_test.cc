#include "quant/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "quant/graphs_for_test.h"

namespace liteqat::quant {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::Tensor;
using graph::TensorId;
using testing::ElementsAre;

TEST(Scheme, NamesGoBothWays) {
  EXPECT_EQ(*parse_scheme("tfmot_8bit"), Scheme::kTfmot8Bit);
  EXPECT_EQ(*parse_scheme("liteqat_8bit"), Scheme::kLiteqat8Bit);
  EXPECT_STREQ(scheme_name(Scheme::kTfmot8Bit), "tfmot_8bit");
}

TEST(Plan, FindsByTensor) {
  Plan plan;
  for (TensorId id : {2, 5, 9}) plan.quantizers.push_back({.tensor = id});
  EXPECT_EQ(plan.find(5), &plan.quantizers[1]);
  EXPECT_EQ(plan.find(9), &plan.quantizers[2]);
  EXPECT_EQ(plan.find(3), nullptr);
  EXPECT_EQ(plan.find(10), nullptr);
}

TEST(Plan, SharedRangeIsReadFromItsSource) {
  Plan plan;
  plan.quantizers.push_back({.tensor = 2, .min = {-1.0f}, .max = {3.0f}});
  plan.quantizers.push_back({.tensor = 5, .update = RangeUpdate::kShared, .same_as = 2});
  EXPECT_EQ(&plan.range_of(plan.quantizers[1]), &plan.quantizers[0]);
  EXPECT_EQ(&plan.range_of(plan.quantizers[0]), &plan.quantizers[0]);
}

TEST(ApplyObservations, SetsLearnedActivationsOnlyAndKeepsZeroInside) {
  Plan plan;
  plan.quantizers.push_back({.tensor = 0, .update = RangeUpdate::kAllValues, .min = {0}, .max = {0}});
  plan.quantizers.push_back({.tensor = 1, .weight = true, .update = RangeUpdate::kLastValue, .min = {-2}, .max = {2}});
  plan.quantizers.push_back({.tensor = 2, .min = {-6}, .max = {6}});
  plan.quantizers.push_back({.tensor = 3, .min = {-6}, .max = {6}});
  plan.quantizers.push_back({.tensor = 4, .update = RangeUpdate::kFixed, .min = {0}, .max = {1}});
  plan.quantizers.push_back({.tensor = 5, .update = RangeUpdate::kShared, .same_as = 2});
  const Observation seen = {.min = 0.5f, .max = 4.0f, .seen = true};
  apply_observations(plan, {seen, seen, {.min = -3.0f, .max = -1.0f, .seen = true}, {}, seen, seen});
  EXPECT_THAT(plan.quantizers[0].min, ElementsAre(0.0f));
  EXPECT_THAT(plan.quantizers[0].max, ElementsAre(4.0f));
  EXPECT_THAT(plan.quantizers[1].max, ElementsAre(2.0f));
  EXPECT_THAT(plan.quantizers[2].min, ElementsAre(-3.0f));
  EXPECT_THAT(plan.quantizers[2].max, ElementsAre(0.0f));
  EXPECT_THAT(plan.quantizers[3].max, ElementsAre(6.0f));  // not seen
  EXPECT_THAT(plan.quantizers[4].max, ElementsAre(1.0f));
  EXPECT_TRUE(plan.quantizers[5].max.empty());
}

TEST(FixActivationRanges, HoldsWhatWouldFollowBatches) {
  Plan plan;
  plan.quantizers.push_back({.tensor = 0, .update = RangeUpdate::kAllValues, .min = {0}, .max = {1}});
  plan.quantizers.push_back({.tensor = 1, .weight = true, .update = RangeUpdate::kLastValue, .min = {-2}, .max = {2}});
  plan.quantizers.push_back({.tensor = 2, .min = {-6}, .max = {6}});
  plan.quantizers.push_back({.tensor = 3, .update = RangeUpdate::kShared, .same_as = 2});
  fix_activation_ranges(plan);
  EXPECT_EQ(plan.quantizers[0].update, RangeUpdate::kFixed);
  EXPECT_EQ(plan.quantizers[1].update, RangeUpdate::kLastValue);
  EXPECT_EQ(plan.quantizers[2].update, RangeUpdate::kFixed);
  EXPECT_EQ(plan.quantizers[3].update, RangeUpdate::kShared);
  EXPECT_FALSE(std::ranges::any_of(plan.quantizers, follows_batches));
  update_range(plan.quantizers[2], -100.0f, 100.0f);
  EXPECT_THAT(plan.quantizers[2].max, ElementsAre(6.0f));
}

Tensor plan_weights(const graph::Shape& shape, const std::vector<float>& values) {
  Tensor tensor = {.name = "w", .shape = shape, .role = graph::Role::kParameter};
  tensor.data.resize(values.size() * sizeof(float));
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return tensor;
}

TEST(SetWeightRange, SymmetricPerChannelOnEitherAxis) {
  const Tensor weights = plan_weights({2, 1, 1, 3}, {1, -4, 2, 0.5f, 3, -0.25f});
  Quantizer by_output = {.channels = 2, .axis = 0, .symmetric = true};
  set_weight_range(by_output, weights);
  EXPECT_THAT(by_output.min, ElementsAre(-4.0f, -3.0f));
  EXPECT_THAT(by_output.max, ElementsAre(4.0f, 3.0f));
  Quantizer by_last = {.channels = 3, .axis = 3, .symmetric = true};
  set_weight_range(by_last, weights);
  EXPECT_THAT(by_last.max, ElementsAre(1.0f, 4.0f, 2.0f));
  Quantizer whole = {.symmetric = true};
  set_weight_range(whole, weights);
  EXPECT_THAT(whole.max, ElementsAre(4.0f));
  Quantizer asymmetric = {.symmetric = false};
  set_weight_range(asymmetric, weights);
  EXPECT_THAT(asymmetric.min, ElementsAre(-4.0f));
  EXPECT_THAT(asymmetric.max, ElementsAre(3.0f));
}

TEST(UpdateRange, MovingAverageIsTfmots) {
  Quantizer quantizer = {.decay = 0.999f, .min = {-6.0f}, .max = {6.0f}};
  update_range(quantizer, -1.0f, 7.0f);
  EXPECT_FLOAT_EQ(quantizer.min[0], -5.995f);  // -6 + 5 * 0.001
  EXPECT_FLOAT_EQ(quantizer.max[0], 6.001f);
  update_range(quantizer, 2.0f, 3.0f);  // the batch's range always holds zero
  EXPECT_FLOAT_EQ(quantizer.min[0], -5.989005f);
}

TEST(UpdateRange, SeveralStepsAtOnceAreAsManyEqualBatches) {
  Quantizer once = {.tensor = 0, .decay = 0.9f, .min = {-1.0f}, .max = {2.0f}}, each = once;
  update_range(once, -3.0f, 4.0f, 5);
  for (int step = 0; step < 5; ++step) update_range(each, -3.0f, 4.0f);
  EXPECT_FLOAT_EQ(once.min[0], each.min[0]);
  EXPECT_FLOAT_EQ(once.max[0], each.max[0]);
}

TEST(UpdateRange, AllValuesOnlyGrowsAndFixedStays) {
  Quantizer all = {.update = RangeUpdate::kAllValues, .min = {0.0f}, .max = {0.0f}};
  update_range(all, 0.25f, 0.5f);
  EXPECT_EQ(all.min[0], 0.0f);
  EXPECT_EQ(all.max[0], 0.5f);
  update_range(all, -1.0f, 0.25f);
  EXPECT_EQ(all.min[0], -1.0f);
  EXPECT_EQ(all.max[0], 0.5f);
  Quantizer fixed = {.update = RangeUpdate::kFixed, .min = {0.0f}, .max = {1.0f}};
  update_range(fixed, -5.0f, 5.0f);
  EXPECT_EQ(fixed.max[0], 1.0f);
}

TEST(FindGrid, GoesBackThroughOperatorsThatKeepParameters) {
  GraphBuilder builder("test", 1, {});
  TensorId x = builder.conv2d("conv", builder.input(4, 4, 1), {.filters = 2});
  x = builder.reshape("flatten", builder.max_pool("pool", x, {}), {-1, 8});
  const Graph graph = builder.finish(builder.dense("dense", x, 2), "out").value();
  const Plan plan = make_plan(graph, Scheme::kTfmot8Bit).value();
  const Quantizer* grid = find_grid(graph, plan, graph.find_tensor("flatten"));
  ASSERT_NE(grid, nullptr);
  EXPECT_EQ(grid->tensor, graph.find_tensor("conv"));
  EXPECT_EQ(find_grid(graph, Plan{}, graph.find_tensor("flatten")), nullptr);
}

TEST(DeployedBias, RoundsToTheProductOfScales) {
  Graph graph = dense_only();
  set_floats(graph, "dense/kernel", {1.27f, 0.0f, 0.5f, -1.0f});
  set_floats(graph, "dense/bias", {0.0126f, -0.0374f});
  Plan plan = make_plan(graph, Scheme::kLiteqat8Bit).value();
  set_range(graph, plan, "input", 0.0f, 255.0f);  // scale 1
  const std::vector<float> bias = deployed_bias(graph, plan, graph.ops[1]);
  ASSERT_EQ(bias.size(), 2u);
  EXPECT_FLOAT_EQ(bias[0], 0.01f);  // weight scale 2 * 1.27 / 254 = 0.01
  EXPECT_FLOAT_EQ(bias[1], -0.04f);
  EXPECT_TRUE(deployed_bias(graph, plan, graph.ops[0]).empty());
}

TEST(DeployedBias, EqualsWhatLargeBiasesGet) {
  Graph graph = dense_only();
  set_floats(graph, "dense/kernel", {1e-9f, 0, 0, 0});
  set_floats(graph, "dense/bias", {100.0f, -1.0f});
  Plan plan = make_plan(graph, Scheme::kLiteqat8Bit).value();
  set_range(graph, plan, "input", 0.0f, 255.0f);
  // Scale 1e-6 / 254 would need code 2.5e10; one scale for all, so 100 gets 2^30 - 1 and the grid is 9.3e-8.
  EXPECT_THAT(deployed_bias(graph, plan, graph.ops[1]), ElementsAre(testing::FloatEq(100.0f), testing::FloatNear(-1.0f, 5e-8f)));
}

}  // namespace
}  // namespace liteqat::quant
