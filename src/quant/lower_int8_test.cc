// Integer graphs from literal ranges. Whole networks against TensorFlow's converter: tests/golden/converter_parity_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "graph/architectures.h"
#include "quant/graphs_for_test.h"
#include "quant/lower.h"

namespace liteqat::quant {
namespace {

using graph::DType;
using graph::Graph;
using graph::GraphBuilder;
using graph::Tensor;
using graph::TensorId;
using testing::Each;
using testing::ElementsAre;

const Tensor& at(const Graph& graph, const std::string& name) {
  const TensorId id = graph.find_tensor(name);
  LITEQAT_CHECK(id != graph::kNoTensor);
  return graph.tensor(id);
}

/// Every activation that learns a range gets `min` to `max`.
Plan plan_with_ranges(const Graph& graph, Scheme scheme, float min, float max) {
  Plan plan = make_plan(graph, scheme).value();
  set_weight_ranges(plan, graph);
  apply_observations(plan, std::vector<Observation>(plan.quantizers.size(), {.min = min, .max = max, .seen = true}));
  return plan;
}

TEST(LowerToInt8, DenseLiteralValues) {
  Graph model = dense_only();
  set_floats(model, "dense/kernel", {1.27f, -0.634f, 0.0151f, -1.27f});
  set_floats(model, "dense/bias", {0.06f, -1.0f});
  Plan plan = plan_with_ranges(model, Scheme::kLiteqat8Bit, -1.0f, 1.0f);
  set_range(model, plan, "input", 0.0f, 1.0f);
  set_range(model, plan, "out", -1.0f, 254.0f);
  const Graph lowered = lower_to_int8(model, plan, IoType::kInt8).value();
  EXPECT_THAT(kinds(lowered), ElementsAre("RESHAPE", "FULLY_CONNECTED"));
  EXPECT_EQ(at(lowered, "input").type, DType::kInt8);
  EXPECT_THAT(at(lowered, "input").quantization.scale, ElementsAre(1.0f / 255.0f));
  EXPECT_THAT(at(lowered, "input").quantization.zero_point, ElementsAre(-128));
  EXPECT_EQ(at(lowered, "flatten").quantization, at(lowered, "input").quantization);
  EXPECT_THAT(at(lowered, "out").quantization.scale, ElementsAre(1.0f));
  EXPECT_THAT(at(lowered, "out").quantization.zero_point, ElementsAre(-127));

  const Tensor& kernel = at(lowered, "dense/kernel");
  EXPECT_THAT(values_of<int8_t>(lowered, "dense/kernel"), ElementsAre(127, -63, 2, -127));  // at scale 0.01
  EXPECT_THAT(kernel.quantization.scale, ElementsAre(testing::FloatEq(0.01f)));
  EXPECT_THAT(kernel.quantization.zero_point, ElementsAre(0));
  EXPECT_EQ(kernel.role, graph::Role::kConstant);
  EXPECT_EQ(at(lowered, "dense/bias").type, DType::kInt32);
  EXPECT_THAT(values_of<int32_t>(lowered, "dense/bias"), ElementsAre(1530, -25500));  // at 0.01 / 255
}

TEST(LowerToInt8, WorkersChangeNoByte) {
  const Graph model = graph::make_architecture({.name = "resnet8", .height = 32, .width = 32, .channels = 3, .classes = 10}).value();
  for (Scheme scheme : {Scheme::kTfmot8Bit, Scheme::kLiteqat8Bit}) {
    const Plan plan = plan_with_ranges(model, scheme, -2.0f, 2.0f);
    const Graph alone = lower_to_int8(model, plan, IoType::kFloat32).value();
    for (int threads : {1, 2, 4}) {
      ThreadPool pool(threads);
      const Graph divided = lower_to_int8(model, plan, IoType::kFloat32, pool).value();
      ASSERT_EQ(divided.tensors.size(), alone.tensors.size());
      for (size_t id = 0; id < alone.tensors.size(); ++id) {
        EXPECT_EQ(divided.tensors[id].data, alone.tensors[id].data) << alone.tensors[id].name;
        EXPECT_EQ(divided.tensors[id].quantization, alone.tensors[id].quantization) << alone.tensors[id].name;
      }
    }
  }
}

TEST(LowerToInt8, NamesTheFirstOperatorWhoseWeightsFail) {
  Graph model = graph::make_architecture({.name = "resnet8", .height = 32, .width = 32, .channels = 3, .classes = 10}).value();
  Plan plan = plan_with_ranges(model, Scheme::kTfmot8Bit, -2.0f, 2.0f);
  std::vector<std::string> weights;
  for (const graph::Op& op : model.ops) {
    if (op.kind == graph::OpKind::kConv2D) weights.push_back(model.tensor(op.inputs[1]).name);
  }
  for (size_t bad : {weights.size() - 1, size_t{2}}) {
    graph::Tensor& tensor = model.tensor(model.find_tensor(weights[bad]));
    tensor.as<float>()[0] = std::numeric_limits<float>::quiet_NaN();
    ThreadPool pool(2);
    const auto lowered = lower_to_int8(model, plan, IoType::kFloat32, pool);
    ASSERT_FALSE(lowered.ok());
    EXPECT_NE(lowered.status().message().find(weights[bad] + "\""), std::string::npos) << lowered.status().message();
  }
}

TEST(LowerToInt8, PerChannelAxes) {
  GraphBuilder builder("test", 3, {});
  TensorId x = builder.conv2d("conv", builder.input(4, 4, 2), {.filters = 3, .kernel = 3});
  x = builder.depthwise("dw", x, {.filters = 1, .kernel = 3});
  const Graph model = builder.finish(x, "out").value();
  for (Scheme scheme : {Scheme::kTfmot8Bit, Scheme::kLiteqat8Bit}) {
    const Graph lowered = lower_to_int8(model, plan_with_ranges(model, scheme, -2.0f, 2.0f), IoType::kInt8).value();
    EXPECT_EQ(at(lowered, "conv/kernel").quantization.axis, 0);
    EXPECT_EQ(at(lowered, "conv/kernel").quantization.scale.size(), 3u);
    const graph::Quantization& depthwise = at(lowered, "dw/kernel").quantization;
    EXPECT_EQ(depthwise.axis, 3);
    ASSERT_EQ(depthwise.scale.size(), 3u);
    const bool one_range = depthwise.scale[0] == depthwise.scale[1] && depthwise.scale[1] == depthwise.scale[2];
    EXPECT_EQ(one_range, scheme == Scheme::kTfmot8Bit) << "TFMOT's depthwise caveat";
    EXPECT_EQ(at(lowered, "dw/bias").quantization.axis, 0);
    EXPECT_EQ(at(lowered, "dw/bias").quantization.scale.size(), 3u);
  }
}

/// Batch norm's sign goes into the codes, its size into the scales; the codes are those of the weights before folding.
TEST(LowerToInt8, TfmotFoldsBatchNormIntoScales) {
  Graph model = conv_bn_relu();
  set_floats(model, "conv/kernel", {1.27f, 0.5f, 0.3f, -2.54f});
  set_floats(model, "conv_bn/gamma", {4.0f, -0.5f});
  set_floats(model, "conv_bn/moving_variance", {1.0f - 1e-3f, 1.0f - 1e-3f});
  const Plan plan = plan_with_ranges(model, Scheme::kTfmot8Bit, 0.0f, 2.55f);
  const Graph lowered = lower_to_int8(model, plan, IoType::kInt8).value();
  EXPECT_THAT(kinds(lowered), ElementsAre("CONV_2D"));
  EXPECT_EQ(lowered.ops[0].params_as<graph::Conv2DParams>().activation, graph::Activation::kRelu);
  EXPECT_THAT(values_of<int8_t>(lowered, "conv/kernel"), ElementsAre(127, 50, -15, 127));
  EXPECT_THAT(at(lowered, "conv/kernel").quantization.scale, ElementsAre(testing::FloatEq(0.04f), testing::FloatEq(0.01f)));
}

TEST(LowerToInt8, NeverWritesTheLowestCode) {
  for (const char* name : {"mnist_small", "resnet8"}) {
    graph::ArchitectureOptions options = {.name = name, .height = 32, .width = 32, .channels = 3};
    const Graph model = fold_batch_norm(graph::make_architecture(options).value()).value();
    const Graph lowered = lower_to_int8(model, plan_with_ranges(model, Scheme::kLiteqat8Bit, -3.0f, 5.0f), IoType::kInt8).value();
    for (const Tensor& tensor : lowered.tensors) {
      if (tensor.type != DType::kInt8 || !tensor.constant()) continue;
      EXPECT_EQ(std::ranges::count(tensor.as<int8_t>(), -128), 0) << tensor.name;
      EXPECT_GT(std::ranges::count(tensor.as<int8_t>(), 127) + std::ranges::count(tensor.as<int8_t>(), -127), 0) << tensor.name;
      EXPECT_THAT(tensor.quantization.zero_point, Each(0));
    }
  }
}

TEST(LowerToInt8, FloatEnds) {
  const Graph model = dense_only();
  const Graph lowered = lower_to_int8(model, plan_with_ranges(model, Scheme::kLiteqat8Bit, -1.0f, 1.0f), IoType::kFloat32).value();
  EXPECT_THAT(kinds(lowered), ElementsAre("QUANTIZE", "RESHAPE", "FULLY_CONNECTED", "DEQUANTIZE"));
  const Tensor& input = lowered.tensor(lowered.inputs[0]);
  EXPECT_EQ(input.name, "input");
  EXPECT_EQ(input.type, DType::kFloat32);
  EXPECT_TRUE(input.quantization.empty());
  EXPECT_EQ(at(lowered, "input_int8").type, DType::kInt8);
  const Tensor& output = lowered.tensor(lowered.outputs[0]);
  EXPECT_EQ(output.name, "out");
  EXPECT_EQ(output.type, DType::kFloat32);
}

TEST(LowerToInt8, Uint8Ends) {
  Graph model = dense_only();
  Plan plan = plan_with_ranges(model, Scheme::kLiteqat8Bit, -1.0f, 1.0f);
  set_range(model, plan, "input", 0.0f, 1.0f);
  const Graph lowered = lower_to_int8(model, plan, IoType::kUInt8).value();
  EXPECT_THAT(kinds(lowered), ElementsAre("QUANTIZE", "RESHAPE", "FULLY_CONNECTED", "QUANTIZE"));
  const Tensor& input = lowered.tensor(lowered.inputs[0]);
  EXPECT_EQ(input.type, DType::kUInt8);
  EXPECT_EQ(input.quantization.scale, at(lowered, "input_int8").quantization.scale);
  EXPECT_THAT(input.quantization.zero_point, ElementsAre(0));
  EXPECT_THAT(lowered.tensor(lowered.outputs[0]).quantization.zero_point, ElementsAre(128));
  EXPECT_THAT(at(lowered, "out_int8").quantization.zero_point, ElementsAre(0));
}

TEST(LowerToInt8, SoftmaxIsFixedAndPoolingKeepsItsInput) {
  GraphBuilder builder("test", 1, {});
  TensorId x = builder.average_pool("average", builder.conv2d("conv", builder.input(4, 4, 1), {.filters = 2}), {});
  x = builder.reshape("flatten", builder.max_pool("max", x, {}), {-1, 2});
  const Graph model = builder.finish(builder.softmax("softmax", builder.dense("dense", x, 2)), "out").value();
  Plan plan = plan_with_ranges(model, Scheme::kLiteqat8Bit, -1.0f, 1.0f);
  set_range(model, plan, "conv", -3.0f, 2.0f);
  const Graph lowered = lower_to_int8(model, plan, IoType::kInt8).value();
  for (const char* name : {"average", "max", "flatten"}) EXPECT_EQ(at(lowered, name).quantization, at(lowered, "conv").quantization);
  EXPECT_THAT(at(lowered, "out").quantization.scale, ElementsAre(1.0f / 256.0f));
  EXPECT_THAT(at(lowered, "out").quantization.zero_point, ElementsAre(-128));
}

/// TFMOT gives average pooling a range of its own, TFLite's kernel cannot have one: a QUANTIZE follows.
TEST(LowerToInt8, TfmotAveragePoolIsRequantized) {
  GraphBuilder builder("test", 1, {});
  const TensorId x = builder.average_pool("average", builder.conv2d("conv", builder.input(4, 4, 1), {.filters = 2}), {});
  const Graph model = builder.finish(builder.conv2d("next", x, {.filters = 1}), "out").value();
  Plan plan = plan_with_ranges(model, Scheme::kTfmot8Bit, -1.0f, 1.0f);
  set_range(model, plan, "average", -0.5f, 0.5f);
  const Graph lowered = lower_to_int8(model, plan, IoType::kInt8).value();
  EXPECT_THAT(kinds(lowered), ElementsAre("CONV_2D", "AVERAGE_POOL_2D", "QUANTIZE", "CONV_2D"));
  EXPECT_EQ(at(lowered, "average_same_scale").quantization, at(lowered, "conv").quantization);
  EXPECT_EQ(at(lowered, "average").type, DType::kInt8);
  EXPECT_THAT(at(lowered, "average").quantization.scale, ElementsAre(static_cast<float>(1.0 / 255.0)));
  set_range(model, plan, "average", -1.0f, 1.0f);  // the input's own: nothing to requantize
  EXPECT_THAT(kinds(lower_to_int8(model, plan, IoType::kInt8).value()), ElementsAre("CONV_2D", "AVERAGE_POOL_2D", "CONV_2D"));
}

/// A bias that does not fit int32 at input scale * weight scale.
Graph large_bias_model() {
  GraphBuilder builder("test", 1, {});
  Graph model = builder.finish(builder.conv2d("conv", builder.input(1, 1, 2), {.filters = 2, .bias = true}), "out").value();
  set_floats(model, "conv/kernel", {1.27e-9f, 0.0f, 0.5f, 1.27f});
  set_floats(model, "conv/bias", {5.0f, 1.0f});
  return model;
}

TEST(LowerToInt8, LiteqatEnlargesScalesForALargeBias) {
  const Graph model = large_bias_model();
  const Graph lowered = lower_to_int8(model, plan_with_ranges(model, Scheme::kLiteqat8Bit, 0.0f, 2.55f), IoType::kInt8).value();
  constexpr int32_t kHalf = std::numeric_limits<int32_t>::max() / 2;
  EXPECT_THAT(values_of<int32_t>(lowered, "conv/bias"), ElementsAre(kHalf, 10000));  // 1 / (0.01 * 0.01)
  const graph::Quantization& bias = at(lowered, "conv/bias").quantization;
  const graph::Quantization& kernel = at(lowered, "conv/kernel").quantization;
  EXPECT_FLOAT_EQ(bias.scale[0], static_cast<float>(5.0 / kHalf));
  EXPECT_FLOAT_EQ(kernel.scale[0], static_cast<float>(5.0 / kHalf / 0.01));
  EXPECT_FLOAT_EQ(kernel.scale[1], 0.01f);
  EXPECT_THAT(values_of<int8_t>(lowered, "conv/kernel"), ElementsAre(0, 0, 50, 127));  // the tiny weights vanish on the larger grid
}

TEST(LowerToInt8, TfmotSaturatesALargeBiasAsTensorFlowDoes) {
  const Graph model = large_bias_model();
  const Graph lowered = lower_to_int8(model, plan_with_ranges(model, Scheme::kTfmot8Bit, 0.0f, 2.55f), IoType::kInt8).value();
  EXPECT_THAT(values_of<int32_t>(lowered, "conv/bias"), ElementsAre(std::numeric_limits<int32_t>::max(), 10000));
}

/// A plan of ours for a graph with batch norm is that of the folded graph, and lowering folds first.
TEST(LowerToInt8, LiteqatFoldsBatchNormBeforeQuantizing) {
  const Graph model = conv_bn_relu(), folded = fold_batch_norm(model).value();
  Plan plan = make_plan(model, Scheme::kLiteqat8Bit).value();
  set_weight_ranges(plan, fold_keeping_ids(model).value());
  const Plan renumbered = renumber_plan(plan, model, folded);
  const Graph raw_lowered = lower_to_int8(model, plan, IoType::kInt8).value();
  const Graph lowered = lower_to_int8(folded, renumbered, IoType::kInt8).value();
  for (const char* name : {"conv/kernel", "conv/bias"}) {
    EXPECT_EQ(raw_lowered.tensor(raw_lowered.find_tensor(name)).data, lowered.tensor(lowered.find_tensor(name)).data) << name;
    EXPECT_EQ(raw_lowered.tensor(raw_lowered.find_tensor(name)).quantization, lowered.tensor(lowered.find_tensor(name)).quantization)
        << name;
  }
  ASSERT_EQ(renumbered.quantizers.size(), plan.quantizers.size());
  for (const Quantizer& quantizer : renumbered.quantizers) {
    const Quantizer* original = plan.find(model.find_tensor(folded.tensor(quantizer.tensor).name));
    ASSERT_NE(original, nullptr);
    EXPECT_EQ(original->max, quantizer.max);
  }
}

TEST(IoType, NamesGoIn) {
  EXPECT_EQ(*parse_io_type("float32"), IoType::kFloat32);
  EXPECT_EQ(*parse_io_type("int8"), IoType::kInt8);
  EXPECT_EQ(*parse_io_type("uint8"), IoType::kUInt8);
}

}  // namespace
}  // namespace liteqat::quant
