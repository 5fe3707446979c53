// Which element types, scales and sums validate lets through, as lists written out once more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "graph/graph.h"
#include "graph/test_graphs.h"

namespace liteqat::graph {
namespace {

using enum DType;
using ::testing::HasSubstr;

Tensor tensor_of(const std::string& name, DType type, Shape shape) {
  Tensor tensor = {.name = name, .type = type, .shape = std::move(shape)};
  if (type != kFloat32) tensor.quantization = {.scale = {0.5f}, .zero_point = {0}};
  return tensor;
}

Tensor constant_of(const std::string& name, DType type, Shape shape) {
  Tensor tensor = tensor_of(name, type, std::move(shape));
  tensor.role = Role::kConstant;
  tensor.data.resize(static_cast<size_t>(elem_count(tensor.shape) * dtype_bytes(type)));
  return tensor;
}

/// 1x1, two channels to two.
Graph weighted_graph(OpKind kind, DType type, DType weights_type, std::optional<DType> bias_type) {
  const bool dense = kind == OpKind::kFullyConnected, transposed = kind == OpKind::kTransposeConv;
  const Shape extents = dense ? Shape{1, 2} : Shape{1, 3, 3, 2};
  Graph graph;
  const TensorId x = graph.add_tensor(tensor_of("x", type, extents));
  const Shape depthwise = {1, 1, 1, 2}, convolution = {2, 1, 1, 2}, matrix = {2, 2};
  const TensorId weights = graph.add_tensor(constant_of("weights", weights_type,
                                                        kind == OpKind::kDepthwiseConv2D ? depthwise
                                                        : dense                          ? matrix
                                                                                         : convolution));
  std::vector<TensorId> inputs = {x, weights};
  if (transposed) inputs = {graph.add_tensor(int32_constant("shape", {4}, {1, 3, 3, 2})), weights, x};
  if (bias_type) {
    inputs.push_back(graph.add_tensor(constant_of("bias", *bias_type, {2})));
    if (*bias_type != kFloat32) graph.tensor(inputs.back()).quantization.scale = {0.25f};
  }
  OpParams params = Conv2DParams{};
  if (kind == OpKind::kDepthwiseConv2D) params = DepthwiseConv2DParams{};
  if (dense) params = FullyConnectedParams{};
  if (transposed) params = TransposeConvParams{};
  const TensorId y = graph.add_tensor(tensor_of("y", type, extents));
  graph.ops.push_back({.kind = kind, .name = "layer", .inputs = inputs, .outputs = {y}, .params = params});
  graph.inputs = {x};
  graph.outputs = {y};
  return graph;
}

TEST(ValidateTypes, EveryCombinationOfAWeightedOperator) {
  struct Row {
    DType type, weights;
    std::optional<DType> bias;
    std::vector<OpKind> kinds;
  };
  const std::vector<OpKind> all = {OpKind::kConv2D, OpKind::kDepthwiseConv2D, OpKind::kFullyConnected, OpKind::kTransposeConv};
  const std::vector<OpKind> not_transposed = {OpKind::kConv2D, OpKind::kDepthwiseConv2D, OpKind::kFullyConnected};
  const std::vector<OpKind> not_depthwise = {OpKind::kConv2D, OpKind::kFullyConnected, OpKind::kTransposeConv};
  const std::vector<Row> accepted = {
      {kFloat32, kFloat32, kFloat32, all},    {kFloat32, kFloat32, {}, all}, {kFloat32, kInt8, kFloat32, not_transposed},
      {kFloat32, kInt8, {}, not_transposed},  {kInt8, kInt8, kInt32, all},   {kInt8, kInt8, {}, all},
      {kUInt8, kUInt8, kInt32, all},          {kUInt8, kUInt8, {}, all},     {kInt16, kInt8, kInt64, all},
      {kInt16, kInt8, kInt32, not_depthwise}, {kInt16, kInt8, {}, all},
  };
  const std::array types = {kFloat32, kInt8, kUInt8, kInt16, kInt32};
  for (OpKind kind : all)
    for (DType type : types)
      for (DType weights : types)
        for (std::optional<DType> bias : std::vector<std::optional<DType>>{{}, kFloat32, kInt32, kInt64}) {
          const bool expected = std::ranges::any_of(accepted, [&](const Row& row) {
            return row.type == type && row.weights == weights && row.bias == bias && std::ranges::count(row.kinds, kind) == 1;
          });
          const Status status = validate(weighted_graph(kind, type, weights, bias));
          EXPECT_EQ(status.ok(), expected) << op_kind_name(kind) << ' ' << dtype_name(type) << ' ' << dtype_name(weights) << ' '
                                           << (bias ? dtype_name(*bias) : "no bias") << ": " << status.message();
        }
}

TEST(ValidateTypes, ScalesOfABiasAreLookedAtInEveryChannel) {
  for (size_t channel : {0u, 1u, 2u}) {
    Graph graph = int8_conv_graph();
    graph.tensor(2).quantization.scale[channel] *= 2;
    EXPECT_THAT(validate(graph).message(), HasSubstr(format("at channel {}", channel)));
  }
  // One scale on either side stands for every channel.
  Graph graph = weighted_graph(OpKind::kConv2D, kInt8, kInt8, kInt32);
  graph.tensor(2).quantization.scale = {0.5f};
  EXPECT_THAT(validate(graph).message(),
              HasSubstr("its bias 'bias' has scale 0.5 at channel 0, expected input scale 0.5 * weights scale 0.5"));
  graph.tensor(2).quantization = {.scale = {0.25f, 0.5f}, .zero_point = {0, 0}, .axis = 0};
  EXPECT_THAT(validate(graph).message(), HasSubstr("has scale 0.5 at channel 1"));
  graph.tensor(1).quantization = {.scale = {0.5f, 1.f}, .zero_point = {0, 0}, .axis = 0};
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).message();
  graph.tensor(2).quantization = {.scale = {0.25f}, .zero_point = {0}};
  EXPECT_THAT(validate(graph).message(), HasSubstr("has scale 0.25 at channel 1"));
  graph.tensor(1).quantization.scale = {0.5f, 0.5f};
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).message();
}

TEST(ValidateTypes, CodesAreAddedByTheirScalesAndComparedWithout) {
  for (OpKind kind : {OpKind::kAdd, OpKind::kSub, OpKind::kMul, OpKind::kMaximum, OpKind::kMinimum})
    for (DType type : {kInt8, kUInt8, kInt16, kInt32, kFloat32}) {
      const bool arithmetic = kind == OpKind::kAdd || kind == OpKind::kSub || kind == OpKind::kMul;
      Graph graph = one_op_graph(kind, arithmetic ? OpParams(ArithmeticParams{}) : OpParams(), {1, 4}, {constant_of("b", type, {1, 4})});
      graph.tensor(0) = tensor_of("input", type, {1, 4});
      graph.tensor(2) = tensor_of("output", type, {1, 4});
      EXPECT_TRUE(validate(graph).ok()) << op_kind_name(kind) << dtype_name(type) << validate(graph).message();
      for (TensorId id : {0, 1, 2}) graph.tensor(id).quantization = {};
      // Without scales int16 are numbers, which TFLite adds and multiplies as such.
      const bool numbers = !arithmetic || type == kFloat32 || type == kInt32 || (type == kInt16 && kind != OpKind::kSub);
      EXPECT_EQ(validate(graph).ok(), numbers) << op_kind_name(kind) << dtype_name(type) << validate(graph).message();
    }
}

}  // namespace
}  // namespace liteqat::graph
