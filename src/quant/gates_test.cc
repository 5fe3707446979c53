// Hard swish, sigmoid, products and concatenations: where their quantizers stand and what they are deployed as.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quant/graphs_for_test.h"
#include "quant/lower.h"
#include "quant/plan.h"
#include "quant/weights.h"

namespace liteqat::quant {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::TensorId;
using testing::ElementsAre;
using testing::HasSubstr;

/// Two branches of which one is read elsewhere too, joined and gated.
Graph gated() {
  GraphBuilder b("test", 1, {.epsilon = 1e-3f, .momentum = 0.9f});
  const TensorId x =
      b.hard_swish("swish", b.batch_norm("bn", b.conv2d("conv", b.input(2, 2, 2), {.filters = 2, .kernel = 3, .dilation = 2})));
  const TensorId both = b.concatenate("both", {x, b.relu("other", b.depthwise("dw", x, {.filters = 1, .kernel = 3}))});
  const TensorId gate = b.reshape("gate", b.logistic("sigmoid", b.dense("squeeze", b.global_mean("mean", both), 4)), {-1, 1, 1, 4});
  const TensorId mean = b.global_mean("end", b.multiply("excite", both, gate));
  return b.finish(b.dense("dense", mean, 2), "out").value();
}

TEST(Gates, EveryOutputHasARangeOfItsOwn) {
  const Graph graph = fold_batch_norm(gated()).value();
  const Plan plan = make_plan(graph, Scheme::kLiteqat8Bit).value();
  EXPECT_THAT(quantized_tensors(graph, plan),
              testing::UnorderedElementsAre("input", "conv/kernel", "bn", "swish", "dw/kernel", "other", "both", "mean", "squeeze/kernel",
                                            "squeeze", "sigmoid", "excite", "end", "dense/kernel", "out"));
  const Quantizer* sigmoid = plan.find(graph.find_tensor("sigmoid"));
  EXPECT_EQ(sigmoid->update, RangeUpdate::kFixed);
  EXPECT_THAT(sigmoid->min, ElementsAre(0.0f));
  EXPECT_THAT(sigmoid->max, ElementsAre(255.0f / 256.0f));
  EXPECT_EQ(plan.find(graph.find_tensor("both"))->update, RangeUpdate::kMovingAverage);
}

Plan ranged_plan(const Graph& graph) {
  Plan plan = make_plan(graph, Scheme::kLiteqat8Bit).value();
  set_range(graph, plan, "input", 0, 2.55f);
  for (const char* name : {"bn", "swish", "mean", "squeeze", "excite", "end", "out"}) set_range(graph, plan, name, -1, 1.55f);
  set_range(graph, plan, "other", 0, 5.1f);
  set_range(graph, plan, "both", -1, 4.1f);
  return plan;
}

TEST(Gates, PartsAreRequantizedFirst) {
  const Graph graph = fold_batch_norm(gated()).value();
  Plan plan = ranged_plan(graph);
  const Graph lowered = lower_to_int8(graph, plan, IoType::kInt8).value();
  EXPECT_THAT(kinds(lowered), ElementsAre("CONV_2D", "HARD_SWISH", "DEPTHWISE_CONV_2D", "QUANTIZE", "QUANTIZE", "CONCATENATION", "MEAN",
                                          "FULLY_CONNECTED", "LOGISTIC", "RESHAPE", "MUL", "MEAN", "FULLY_CONNECTED"));
  const auto grid = [&](const std::string& name) { return lowered.tensor(lowered.find_tensor(name)).quantization; };
  EXPECT_EQ(grid("both_part_0"), grid("both"));
  EXPECT_EQ(grid("both_part_1"), grid("both"));
  EXPECT_NE(grid("swish"), grid("both"));
  EXPECT_FLOAT_EQ(grid("both").scale[0], 5.1f / 255);
  EXPECT_EQ(grid("sigmoid").scale, std::vector<float>{1.0f / 256});
  EXPECT_EQ(grid("sigmoid").zero_point, std::vector<int64_t>{-128});
  EXPECT_EQ(grid("gate"), grid("sigmoid")) << "RESHAPE keeps the grid";
  // Operators depend on the plan's structure, not on its ranges: training on integers lowers the same graph in every step.
  set_range(graph, plan, "swish", -1, 4.1f);
  EXPECT_EQ(kinds(lower_to_int8(graph, plan, IoType::kInt8).value()), kinds(lowered));
}

TEST(Gates, FloatKeepsThemAsTheyAre) {
  const Graph lowered = lower_to_float(gated()).value();
  EXPECT_THAT(kinds(lowered), ElementsAre("CONV_2D", "HARD_SWISH", "DEPTHWISE_CONV_2D", "CONCATENATION", "MEAN", "FULLY_CONNECTED",
                                          "LOGISTIC", "RESHAPE", "MUL", "MEAN", "FULLY_CONNECTED"));
  EXPECT_EQ(lowered.ops[0].params_as<graph::Conv2DParams>().dilation_w, 2);
}

TEST(Gates, RefusalsNameTheOperator) {
  const auto tfmot = make_plan(fold_batch_norm(gated()).value(), Scheme::kTfmot8Bit);
  EXPECT_EQ(tfmot.status().code(), Code::kUnsupported);
  EXPECT_THAT(tfmot.status().message(), HasSubstr("HARD_SWISH \"swish\""));
  Graph graph = fold_batch_norm(gated()).value();
  for (graph::Op& op : graph.ops) {
    if (op.kind != graph::OpKind::kMul) continue;
    graph.tensor(op.inputs[1]).role = graph::Role::kConstant;
    EXPECT_THAT(make_plan(graph, Scheme::kLiteqat8Bit).status().message(), HasSubstr("MUL \"excite\" (operator"));
  }
}

TEST(SetWeightRanges, LeavesLearnedRangesAlone) {
  const Graph graph = dense_only();
  Plan plan = make_plan(graph, Scheme::kLiteqat8Bit).value();
  Quantizer* kernel = plan.find(graph.find_tensor("dense/kernel"));
  kernel->update = RangeUpdate::kFixed;
  kernel->min = {-7.0f}, kernel->max = {7.0f};
  set_weight_ranges(plan, graph);
  EXPECT_EQ(kernel->max[0], 7.0f);
  kernel->update = RangeUpdate::kLastValue;
  set_weight_ranges(plan, graph);
  EXPECT_LT(kernel->max[0], 7.0f);
}

}  // namespace
}  // namespace liteqat::quant
