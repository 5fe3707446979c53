#include "quant/raise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quant/dequantize.h"
#include "quant/graphs_for_test.h"
#include "quant/lower.h"
#include "quant/lower_weights.h"

namespace liteqat::quant {
namespace {

using graph::Activation;
using graph::DType;
using graph::Graph;
using graph::OpKind;
using graph::Role;
using testing::ElementsAre;
using testing::HasSubstr;

/// The int8 model of a network whose weights and ranges give the scales that the tests expect.
Graph integer_model(IoType io) {
  Graph network = conv_bn_relu();
  set_floats(network, "conv/kernel", {1.27f, -0.635f, 0.5f, 0.25f});
  Plan plan = make_plan(network, Scheme::kLiteqat8Bit).value();
  set_range(network, plan, "input", 0.0f, 2.55f);
  set_range(network, plan, "out", 0.0f, 5.1f);
  return lower_to_int8(network, plan, io).value();
}

TEST(Raise, SplitsActivationsOffAndNamesLayers) {
  const Graph deployed = lower_to_float(conv_bn_relu()).value();
  ASSERT_THAT(kinds(deployed), ElementsAre("CONV_2D"));
  const Graph raised = raise_for_training(deployed).value();
  EXPECT_THAT(kinds(raised), ElementsAre("CONV_2D", "RELU"));
  EXPECT_EQ(raised.ops[0].name, "conv");
  EXPECT_EQ(raised.ops[1].name, "out");
  EXPECT_EQ(graph::fused_activation(raised.ops[0]), Activation::kNone);
  EXPECT_EQ(raised.tensor(raised.find_tensor("conv/kernel")).role, Role::kParameter);
  EXPECT_EQ(raised.tensor(raised.find_tensor("conv/bias")).role, Role::kParameter);
  EXPECT_EQ(raised.tensor(raised.outputs[0]).name, "out");
}

TEST(Raise, LoweringGivesTheDeployedGraphAgain) {
  const Graph deployed = lower_to_float(conv_bn_relu()).value();
  const Graph again = lower_to_float(raise_for_training(deployed).value()).value();
  EXPECT_EQ(kinds(again), kinds(deployed));
  EXPECT_EQ(graph::fused_activation(again.ops[0]), Activation::kRelu);
  EXPECT_EQ(values_of<float>(again, "conv/kernel"), values_of<float>(deployed, "conv/kernel"));
  EXPECT_EQ(values_of<float>(again, "conv/bias"), values_of<float>(deployed, "conv/bias"));
}

TEST(Raise, FoldsFloat16) {
  const Graph deployed = lower_to_float(conv_bn_relu()).value();
  const Graph half = lower_to_float16(deployed).value();
  ASSERT_THAT(kinds(half), ElementsAre("DEQUANTIZE", "DEQUANTIZE", "CONV_2D"));
  const Graph raised = raise_for_training(half).value();
  EXPECT_THAT(kinds(raised), ElementsAre("CONV_2D", "RELU"));
  const std::vector<float> found = values_of<float>(raised, "conv/kernel"), exact = values_of<float>(deployed, "conv/kernel");
  for (size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(found[i], exact[i], std::abs(exact[i]) * 0x1p-11f);
  // What was narrowed once stays: the way there and back loses nothing more.
  const Graph again = lower_to_float16(lower_to_float(raised).value()).value();
  EXPECT_EQ(values_of<uint16_t>(again, "conv/kernel"), values_of<uint16_t>(half, "conv/kernel"));
}

TEST(Raise, GivesDenseLayersVectors) {
  Graph network = lower_to_float(dense_only()).value();
  // As TFLite's converter writes it: the dense layer reads the image itself.
  network.ops[1].inputs[0] = network.ops[0].inputs[0];
  network.ops.erase(network.ops.begin());
  ASSERT_TRUE(graph::validate(network).ok()) << graph::validate(network).message();
  const Graph raised = raise_for_training(network).value();
  EXPECT_THAT(kinds(raised), ElementsAre("RESHAPE", "FULLY_CONNECTED"));
  EXPECT_EQ(raised.tensor(raised.ops[1].inputs[0]).shape, (graph::Shape{1, 2}));
}

/// A number alone has no extents: the shape of what SQUEEZE becomes is empty.
TEST(Raise, ReshapesToNothing) {
  Graph deployed;
  deployed.tensors.resize(2);
  deployed.tensors[0].name = "in";
  deployed.tensors[1].name = "out";
  deployed.inputs = {0};
  deployed.outputs = {1};
  deployed.ops.push_back({.kind = OpKind::kSqueeze, .name = "out", .inputs = {0}, .outputs = {1}, .params = graph::SqueezeParams{}});
  const Graph raised = raise_for_training(deployed).value();
  EXPECT_THAT(kinds(raised), ElementsAre("RESHAPE"));
  EXPECT_TRUE(raised.tensor(raised.ops[0].inputs[1]).data.empty());
}

TEST(Raise, RefusesCodes) {
  const auto raised = raise_for_training(integer_model(IoType::kInt8));
  ASSERT_FALSE(raised.ok());
  EXPECT_EQ(raised.status().code(), Code::kUnsupported);
  EXPECT_THAT(raised.status().message(), HasSubstr("is int8, not float32"));
}

TEST(Dequantize, GivesTheValuesOfTheCodes) {
  for (IoType io : {IoType::kFloat32, IoType::kInt8, IoType::kUInt8}) {
    const Graph integer = integer_model(io);
    const Graph real = dequantize_graph(integer).value();
    EXPECT_THAT(kinds(real), ElementsAre("CONV_2D"));
    for (const graph::Tensor& tensor : real.tensors) {
      EXPECT_EQ(tensor.type, DType::kFloat32) << tensor.name;
      EXPECT_TRUE(tensor.quantization.empty()) << tensor.name;
    }
    for (const char* name : {"conv/kernel", "conv/bias"}) {
      const graph::Tensor& codes = integer.tensor(integer.find_tensor(name));
      const std::vector<float> values = values_of<float>(real, name);
      const size_t each = values.size() / codes.quantization.scale.size();  // elements of an output channel
      for (size_t i = 0; i < values.size(); ++i) {
        const double code = codes.type == DType::kInt8 ? codes.as<int8_t>()[i] : codes.as<int32_t>()[i];
        EXPECT_EQ(values[i], static_cast<float>(double{codes.quantization.scale[i / each]} * code)) << name << " " << i;
      }
    }
    EXPECT_EQ(real.tensor(real.outputs[0]).name, "out");
    EXPECT_EQ(real.tensor(real.inputs[0]).name, "input");
  }
}

TEST(Dequantize, SaysTheReluThatCodesImply) {
  Graph integer = integer_model(IoType::kInt8);
  graph::set_fused_activation(integer.ops[0], Activation::kNone);  // as some converters leave it: no code is negative
  const Graph real = dequantize_graph(integer).value();
  EXPECT_EQ(graph::fused_activation(real.ops[0]), Activation::kRelu);
  integer.tensor(integer.outputs[0]).quantization.zero_point = {-100};
  EXPECT_EQ(graph::fused_activation(dequantize_graph(integer).value().ops[0]), Activation::kNone);
}

/// The same codes as uint8, 128 higher: the same values, and the lowest code is 0.
TEST(Dequantize, TakesUint8WithItsZeroPoints) {
  Graph integer = integer_model(IoType::kInt8);
  const std::vector<float> expected = values_of<float>(dequantize_graph(integer).value(), "conv/kernel");
  graph::Tensor& kernel = integer.tensor(integer.find_tensor("conv/kernel"));
  kernel.type = DType::kUInt8;
  for (std::byte& code : kernel.data) code ^= std::byte{0x80};
  kernel.quantization.zero_point.assign(kernel.quantization.scale.size(), 128);
  graph::set_fused_activation(integer.ops[0], Activation::kNone);
  graph::Tensor& output = integer.tensor(integer.outputs[0]);
  output.type = DType::kUInt8, output.quantization.zero_point = {0};
  const Graph real = dequantize_graph(integer).value();
  EXPECT_EQ(values_of<float>(real, "conv/kernel"), expected);
  EXPECT_EQ(graph::fused_activation(real.ops[0]), Activation::kRelu);
}

TEST(Dequantize, TakesABiasWithoutScalesOnThatOfItsKernel) {
  Graph integer = integer_model(IoType::kInt8);
  const Graph expected = dequantize_graph(integer).value();
  integer.tensor(integer.find_tensor("conv/bias")).quantization = {};
  EXPECT_EQ(values_of<float>(dequantize_graph(integer).value(), "conv/bias"), values_of<float>(expected, "conv/bias"));
}

TEST(Dequantize, TakesHybridWeights) {
  const Graph deployed = lower_to_float(conv_bn_relu()).value();
  std::vector<FloatLayer> stayed;
  const Graph hybrid = lower_to_dynamic(deployed, {.least_elements = 1, .per_channel = true, .skipped = {}}, stayed).value();
  EXPECT_FALSE(check_float(hybrid).ok());
  const Graph real = dequantize_graph(hybrid).value();
  EXPECT_TRUE(check_float(real).ok());
  const std::vector<float> found = values_of<float>(real, "conv/kernel"), exact = values_of<float>(deployed, "conv/kernel");
  for (size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(found[i], exact[i], 1.0 / 127);  // half a step of the largest weight
}

}  // namespace
}  // namespace liteqat::quant
