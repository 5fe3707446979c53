// Plans in which single layers stay in float or have one weight scale, and what becomes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/architectures.h"
#include "quant/graphs_for_test.h"
#include "quant/lower.h"
#include "quant/passes.h"
#include "quant/plan.h"
#include "quant/requantization.h"

namespace liteqat::quant {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::TensorId;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr LayerChoice kInFloat = {.type = LayerType::kFloat32};

/// input -> "first" conv, batch norm, relu -> "second" conv, relu -> "pool" (mean) -> "dense" -> "out".
Graph chain() {
  GraphBuilder builder("test", 1, {.epsilon = 1e-3f, .momentum = 0.9f});
  TensorId x = builder.conv2d("first", builder.input(4, 4, 2), {.filters = 2, .bias = true});
  x = builder.relu("first_relu", builder.batch_norm("first_bn", x));
  x = builder.relu("second_relu", builder.conv2d("second", x, {.filters = 3, .bias = true}));
  x = builder.reshape("flatten", x, {-1, 48});
  return builder.finish(builder.dense("dense", x, 2), "out").value();
}

std::vector<LayerChoice> all_but(const Graph& deployed, const std::string& name, LayerChoice choice) {
  std::vector<LayerChoice> layers(deployed.ops.size());
  for (size_t index = 0; index < layers.size(); ++index) {
    if (deployed.ops[index].name == name) layers[index] = choice;
  }
  return layers;
}

Plan plan_without(const Graph& model, const std::string& name, LayerChoice choice = kInFloat) {
  return make_plan(model, Scheme::kLiteqat8Bit, all_but(deployed_operators(model).value(), name, choice)).value();
}

TEST(FloatLayers, NeitherWeightsNorInnerActivationsOfALayerInFloatAreQuantized) {
  const Graph model = chain();
  const Plan whole = make_plan(model, Scheme::kLiteqat8Bit).value();
  const Plan plan = plan_without(model, "second");
  EXPECT_THAT(quantized_tensors(model, whole), Contains("second/kernel"));
  EXPECT_THAT(quantized_tensors(model, plan), Not(Contains("second/kernel")));
  EXPECT_THAT(quantized_tensors(model, plan), Not(Contains("second_relu")));
  EXPECT_THAT(quantized_tensors(model, plan), Contains("flatten")) << "what moves its values is in float too, and dense reads integers";
}

TEST(FloatLayers, StandBetweenConversions) {
  const Graph model = chain();
  Plan plan = plan_without(model, "second");
  const Graph lowered = lower_to_int8(model, plan, IoType::kFloat32).value();
  EXPECT_THAT(kinds(lowered),
              ElementsAre("QUANTIZE", "CONV_2D", "DEQUANTIZE", "CONV_2D", "RESHAPE", "QUANTIZE", "FULLY_CONNECTED", "DEQUANTIZE"));
  EXPECT_EQ(lowered.tensor(lowered.ops[3].inputs[1]).type, graph::DType::kFloat32);
  EXPECT_EQ(values_of<float>(lowered, "second/kernel"), values_of<float>(model, "second/kernel"));
  EXPECT_EQ(lowered.tensor(lowered.ops[1].inputs[1]).type, graph::DType::kInt8);
}

TEST(FloatLayers, AtTheEndsLeaveTheModelsEndsInFloat) {
  const Graph model = chain();
  const Plan first = plan_without(model, "first"), last = plan_without(model, "dense");
  EXPECT_EQ(first.find(model.inputs[0]), nullptr);
  EXPECT_EQ(kinds(lower_to_int8(model, first, IoType::kFloat32).value()).front(), "CONV_2D");
  EXPECT_EQ(kinds(lower_to_int8(model, last, IoType::kFloat32).value()).back(), "FULLY_CONNECTED");
  const auto refused = lower_to_int8(model, last, IoType::kInt8);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().message(), HasSubstr("\"out\""));
}

/// What an operator in float writes is rounded once where an integer one reads it, like the model's input.
TEST(FloatLayers, RoundOnceWhereIntegersBegin) {
  const Graph model = chain();
  const Plan plan = plan_without(model, "second");
  const auto found = find_requantizations(model, plan).value();
  ASSERT_EQ(found.size(), plan.quantizers.size());
  const auto steps_of = [&](const std::string& name) {
    return found[static_cast<size_t>(plan.find(model.find_tensor(name)) - plan.quantizers.data())].unit.size();
  };
  EXPECT_EQ(steps_of("first_relu"), 2u) << "an integer convolution, by channel";
  EXPECT_EQ(steps_of("flatten"), 0u);
  EXPECT_EQ(steps_of("out"), 1u);
}

TEST(FloatLayers, AreListedWithTheReason) {
  const Graph model = chain();
  const Graph deployed = deployed_operators(model).value();
  const auto listed = list_float_layers(deployed, plan_without(model, "second"));
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].name, "second");
  EXPECT_EQ(listed[0].reason, "asked for");
  EXPECT_EQ(listed[1].name, "flatten");
  EXPECT_EQ(listed[1].reason, "it moves values that are in float");
  EXPECT_TRUE(list_float_layers(deployed, make_plan(model, Scheme::kLiteqat8Bit).value()).empty());
}

TEST(FloatLayers, ChoicesAreReadBackFromThePlan) {
  const Graph model = chain();
  const Graph deployed = deployed_operators(model).value();
  std::vector<LayerChoice> layers = all_but(deployed, "second", kInFloat);
  layers[0].per_channel = false;
  layers[2] = kInFloat;  // flatten, which follows
  const Plan plan = make_plan(model, Scheme::kLiteqat8Bit, layers).value();
  const std::vector<LayerChoice> read = layer_choices(deployed, plan);
  for (size_t index = 0; index < layers.size(); ++index) {
    EXPECT_EQ(read[index].type, layers[index].type) << deployed.ops[index].name;
    EXPECT_EQ(read[index].per_channel, layers[index].per_channel) << deployed.ops[index].name;
  }
}

/// tfmot_8bit has one range for depthwise weights by itself: that is the scheme, no choice.
TEST(FloatLayers, AnUntouchedPlanHasNoChoicesUnderAnyScheme) {
  const Graph model = graph::make_architecture({.name = "mnist_small", .height = 28, .width = 28, .channels = 1, .classes = 10}).value();
  const Graph deployed = deployed_operators(model).value();
  for (Scheme scheme : {Scheme::kTfmot8Bit, Scheme::kLiteqat8Bit}) {
    const Plan plan = make_plan(model, scheme).value();
    const std::vector<LayerChoice> layers = layer_choices(deployed, plan);
    for (size_t index = 0; index < layers.size(); ++index) {
      EXPECT_EQ(layers[index].type, LayerType::kInt8) << scheme_name(scheme) << " " << deployed.ops[index].name;
      EXPECT_TRUE(layers[index].per_channel) << scheme_name(scheme) << " " << deployed.ops[index].name;
    }
    const Plan again = make_plan(model, scheme, layers).value();
    ASSERT_EQ(again.quantizers.size(), plan.quantizers.size());
    for (size_t k = 0; k < plan.quantizers.size(); ++k) {
      EXPECT_EQ(again.quantizers[k].per_channel_operator, plan.quantizers[k].per_channel_operator);
      EXPECT_EQ(again.quantizers[k].channels, plan.quantizers[k].channels);
    }
  }
}

TEST(FloatLayers, OneScaleALayerIsDeployedAsOne) {
  const Graph model = chain();
  const Plan plan = plan_without(model, "second", {.type = LayerType::kInt8, .per_channel = false});
  const Graph lowered = lower_to_int8(model, plan, IoType::kInt8).value();
  EXPECT_EQ(lowered.tensor(lowered.find_tensor("second/kernel")).quantization.scale.size(), 1u);
  EXPECT_EQ(lowered.tensor(lowered.find_tensor("first/kernel")).quantization.scale.size(), 2u);
}

TEST(FloatLayers, SixteenBitsAreRefusedByName) {
  const Graph model = chain();
  const auto refused =
      make_plan(model, Scheme::kLiteqat8Bit, all_but(deployed_operators(model).value(), "second", {.type = LayerType::kInt16x8}));
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().message(), HasSubstr("\"second\""));
  EXPECT_THAT(refused.status().message(), HasSubstr("int16x8"));
}

TEST(FloatLayers, ThePlanFollowsToAnotherNumbering) {
  const Graph model = chain();
  const Plan plan = plan_without(model, "second");
  const Graph folded = fold_batch_norm(model).value();
  const Plan moved = renumber_plan(plan, model, folded);
  ASSERT_EQ(moved.in_float.size(), plan.in_float.size());
  for (TensorId id : plan.in_float) EXPECT_THAT(moved.in_float, Contains(folded.find_tensor(model.tensor(id).name)));
  EXPECT_EQ(kinds(lower_to_int8(folded, moved, IoType::kInt8).value()), kinds(lower_to_int8(model, plan, IoType::kInt8).value()));
}

}  // namespace
}  // namespace liteqat::quant
