// Types, parameters and conversions of post-training quantization on graphs of a few operators. Arithmetic against LiteRT and figures
// against TensorFlow's converter: tests/e2e/convert_test.py.
#include "quant/quantize_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quant/graphs_for_test.h"
#include "quant/lower_weights.h"

namespace liteqat::quant {
namespace {

using graph::DType;
using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::TensorId;
using testing::ElementsAre;

/// One input [1,1,2,2] and operators added one by one; every activation has the range [-1, 3] until told otherwise.
class Net {
 public:
  Net() { graph_.inputs = {activation("x")}; }
  TensorId activation(const std::string& name, graph::Shape shape = {1, 1, 2, 2}) {
    ranges_[name] = {-1, 3};
    return graph_.add_tensor({.name = name, .shape = std::move(shape)});
  }
  TensorId constant(const std::string& name, graph::Shape shape, const std::vector<float>& values) {
    graph::Tensor tensor = {.name = name, .shape = std::move(shape), .role = graph::Role::kConstant};
    tensor.data.resize(values.size() * sizeof(float));
    std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
    return graph_.add_tensor(std::move(tensor));
  }
  TensorId op(OpKind kind, const std::string& name, std::vector<TensorId> inputs, graph::OpParams params = {},
              graph::Shape shape = {1, 1, 2, 2}) {
    const TensorId output = activation(name, std::move(shape));
    graph_.ops.push_back({.kind = kind, .name = name, .inputs = std::move(inputs), .outputs = {output}, .params = std::move(params)});
    graph_.outputs = {output};
    return output;
  }
  TensorId conv(const std::string& name, TensorId x) {
    const TensorId w = constant(name + "_w", {2, 1, 1, 2}, {1, -2, 0.5f, 0.25f}), b = constant(name + "_b", {2}, {0.5f, -1});
    return op(OpKind::kConv2D, name, {x, w, b}, graph::Conv2DParams{});
  }
  Result<QuantizedGraph> quantize(std::vector<LayerType> types = {}) const {
    std::vector<LayerChoice> layers(graph_.ops.size());
    for (size_t i = 0; i < types.size(); ++i) layers[i].type = types[i];
    const std::vector<LayerType> settled = settle_types(graph_, layers, nullptr);
    std::vector<LayerChoice> real = layers;
    for (size_t i = 0; i < real.size(); ++i) real[i].type = settled[i];
    LITEQAT_ASSIGN_OR_RETURN(const WeightCodesById codes, round_all_weights(graph_, real));
    return quantize_graph(graph_, {.ranges = ranges_, .weights = codes, .layers = layers});
  }

  Graph graph_;
  Ranges ranges_;
};

float scale_of(const Graph& graph, const std::string& name) {
  return graph.tensor(graph.find_tensor(name)).quantization.scale[0];
}

TEST(QuantizeGraph, WeightsBiasAndActivationsFollowTheSpecification) {
  Net net;
  net.conv("c", net.graph_.inputs[0]);
  const auto result = net.quantize();
  ASSERT_TRUE(result.ok()) << result.status().message();
  const Graph& graph = result->graph;
  EXPECT_THAT(kinds(graph), ElementsAre("QUANTIZE", "CONV_2D", "DEQUANTIZE"));
  // [-1, 3]: scale 4/255; zero point -128 + 1/scale = -64.25, rounded.
  EXPECT_EQ(scale_of(graph, "x_int8"), static_cast<float>(4.0 / 255));
  EXPECT_EQ(graph.tensor(graph.find_tensor("x_int8")).quantization.zero_point[0], -64);
  EXPECT_THAT(values_of<int8_t>(graph, "c_w"), ElementsAre(64, -127, 127, 64));  // scales 2/127 and 0.5/127; 63.5 away from zero
  const float first = static_cast<float>(4.0 / 255) * (2.0f / 127);
  EXPECT_EQ(scale_of(graph, "c_b"), first);
  EXPECT_EQ(values_of<int32_t>(graph, "c_b")[0], static_cast<int32_t>(std::lround(0.5 / first)));
  EXPECT_TRUE(result->float_layers.empty());
}

TEST(QuantizeGraph, MovedValuesShareParametersAndFixedOnesAreRequantized) {
  Net net;
  const TensorId a = net.conv("a", net.graph_.inputs[0]), s = net.op(OpKind::kLogistic, "s", {a});
  net.op(OpKind::kConcatenation, "cat", {a, s}, graph::AxisParams{.axis = 3}, {1, 1, 2, 4});
  net.ranges_["cat"] = {-2, 3};
  const auto result = net.quantize();
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_THAT(kinds(result->graph), ElementsAre("QUANTIZE", "CONV_2D", "LOGISTIC", "QUANTIZE", "CONCATENATION", "DEQUANTIZE"));
  EXPECT_EQ(scale_of(result->graph, "s"), 1.0f / 256);
  EXPECT_EQ(scale_of(result->graph, "a"), static_cast<float>(5.0 / 255));  // the group's hull [-2, 3]
  EXPECT_EQ(scale_of(result->graph, "a"), scale_of(result->graph, "cat_int8"));
}

TEST(QuantizeGraph, WhatHasNoKernelStaysInFloatAndIsSaid) {
  Net net;
  const TensorId a = net.conv("a", net.graph_.inputs[0]);
  net.conv("b", net.op(OpKind::kElu, "e", {a}));
  const auto result = net.quantize();
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_THAT(kinds(result->graph), ElementsAre("QUANTIZE", "CONV_2D", "DEQUANTIZE", "ELU", "QUANTIZE", "CONV_2D", "DEQUANTIZE"));
  ASSERT_EQ(result->float_layers.size(), 1u);
  EXPECT_EQ(result->float_layers[0].name, "e");
}

TEST(QuantizeGraph, LayersMayDifferInType) {
  Net net;
  const TensorId a = net.conv("a", net.graph_.inputs[0]), b = net.conv("b", a);
  net.conv("c", b);
  const auto result = net.quantize({LayerType::kInt8, LayerType::kInt16x8, LayerType::kFloat32});
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_THAT(kinds(result->graph), ElementsAre("QUANTIZE", "CONV_2D", "QUANTIZE", "CONV_2D", "DEQUANTIZE", "CONV_2D"));
  EXPECT_EQ(scale_of(result->graph, "a_int16"), static_cast<float>(3.0 / 32767));
  EXPECT_EQ(result->graph.tensor(result->graph.find_tensor("b_b")).type, DType::kInt64);
}

TEST(QuantizeGraph, ABiasBeyondItsGridEnlargesTheWeightScale) {
  Net net;
  net.conv("c", net.graph_.inputs[0]);
  set_floats(net.graph_, "c_w", {1e-9f, 0, 0.5f, 0.25f});
  set_floats(net.graph_, "c_b", {100, -1});
  const auto result = net.quantize();
  ASSERT_TRUE(result.ok()) << result.status().message();
  const int32_t code = values_of<int32_t>(result->graph, "c_b")[0];
  EXPECT_NEAR(static_cast<double>(code) * scale_of(result->graph, "c_b"), 100, 1e-4);  // 24 bits of the scale
  EXPECT_LE(code, (1 << 30) + 64);
}

TEST(QuantizeGraph, RefusesWhatIsNotKnownOrNotANumber) {
  Net net;
  net.conv("c", net.graph_.inputs[0]);
  net.ranges_.erase("x");
  EXPECT_EQ(net.quantize().status().code(), Code::kNotFound);
  net.ranges_["x"] = {2, 1};
  EXPECT_EQ(net.quantize().status().code(), Code::kOutOfRange);
  net.ranges_["x"] = {-1, 1};
  set_floats(net.graph_, "c_w", {NAN, 0, 0.5f, 0.25f});
  EXPECT_EQ(net.quantize().status().code(), Code::kOutOfRange);
}

TEST(ChangeIo, TakesTheConversionsAwayOrMakesThemUnsigned) {
  Net net;
  net.conv("c", net.graph_.inputs[0]);
  const Graph graph = net.quantize().value().graph;
  const Graph int8 = change_io(graph, IoType::kInt8).value(), uint8 = change_io(graph, IoType::kUInt8).value();
  EXPECT_THAT(kinds(int8), ElementsAre("CONV_2D"));
  EXPECT_EQ(int8.tensor(int8.inputs[0]).name, "x");
  EXPECT_THAT(kinds(uint8), ElementsAre("QUANTIZE", "CONV_2D", "QUANTIZE"));
  EXPECT_EQ(uint8.tensor(uint8.inputs[0]).quantization.zero_point[0], 64);
  EXPECT_EQ(change_io(net.graph_, IoType::kInt8).status().code(), Code::kUnsupported);
}

TEST(LowerWeights, Float16AndDynamic) {
  Net net;
  net.conv("c", net.graph_.inputs[0]);
  const Graph half = lower_to_float16(net.graph_).value();
  EXPECT_THAT(kinds(half), ElementsAre("DEQUANTIZE", "DEQUANTIZE", "CONV_2D"));
  EXPECT_THAT(values_of<uint16_t>(half, "c_w"), ElementsAre(0x3c00, 0xc000, 0x3800, 0x3400));  // 1, -2, 0.5, 0.25
  std::vector<FloatLayer> kept;
  EXPECT_EQ(lower_to_dynamic(net.graph_, {.skipped = {}}, kept).value().tensor(net.graph_.ops[0].inputs[1]).type, DType::kFloat32);
  ASSERT_EQ(kept.size(), 1u);
  const Graph hybrid = lower_to_dynamic(net.graph_, {.least_elements = 4, .skipped = {}}, kept).value();
  EXPECT_THAT(values_of<int8_t>(hybrid, "c_w"), ElementsAre(64, -127, 127, 64));
}

}  // namespace
}  // namespace liteqat::quant
