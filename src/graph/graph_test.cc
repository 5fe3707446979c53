#include "graph/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/test_graphs.h"

namespace liteqat::graph {
namespace {

TEST(DTypes, names_and_sizes) {
  EXPECT_STREQ(dtype_name(DType::kFloat32), "float32");
  EXPECT_STREQ(dtype_name(DType::kUInt8), "uint8");
  EXPECT_EQ(dtype_bytes(DType::kFloat32), 4);
  EXPECT_EQ(dtype_bytes(DType::kFloat16), 2);
  EXPECT_EQ(dtype_bytes(DType::kInt8), 1);
  EXPECT_EQ(dtype_bytes(DType::kUInt8), 1);
  EXPECT_EQ(dtype_bytes(DType::kInt16), 2);
  EXPECT_EQ(dtype_bytes(DType::kInt32), 4);
  EXPECT_EQ(dtype_bytes(DType::kInt64), 8);
  EXPECT_EQ(dtype_bytes(DType::kBool), 1);
}

TEST(Shapes, text_and_count) {
  EXPECT_EQ(shape_text({1, 28, 28, 1}), "[1,28,28,1]");
  EXPECT_EQ(shape_text({}), "[]");
  EXPECT_EQ(elem_count({}), 1);
  EXPECT_EQ(elem_count({1 << 20, 1 << 20}), int64_t{1} << 40);
  EXPECT_EQ(elem_count({3, 0}), 0);
}

/// input -> relu a -> relu b; a is read twice by the add.
Graph diamond() {
  Graph graph;
  graph.inputs = {graph.add_tensor(float_activation("input", {1, 4}))};
  for (const char* name : {"a", "b", "sum"}) graph.add_tensor(float_activation(name, {1, 4}));
  graph.ops.push_back({.kind = OpKind::kRelu, .name = "first", .inputs = {0}, .outputs = {1}, .params = {}});
  graph.ops.push_back({.kind = OpKind::kRelu6, .name = "second", .inputs = {1}, .outputs = {2}, .params = {}});
  graph.ops.push_back({.kind = OpKind::kAdd, .name = "add", .inputs = {1, 2}, .outputs = {3}, .params = ArithmeticParams{}});
  graph.outputs = {3};
  return graph;
}

TEST(GraphLookups, tensors_producers_and_consumers) {
  const Graph graph = diamond();
  ASSERT_TRUE(validate(graph).ok()) << validate(graph).message();
  EXPECT_EQ(graph.find_tensor("b"), 2);
  EXPECT_EQ(graph.find_tensor("absent"), kNoTensor);
  EXPECT_EQ(graph.find_producer(0), -1);
  EXPECT_EQ(graph.find_producer(3), 2);
  EXPECT_EQ(graph.find_consumers(1), (std::vector<int32_t>{1, 2}));
  EXPECT_TRUE(graph.find_consumers(3).empty());
}

TEST(Validate, operators_out_of_order_are_refused) {
  Graph graph = diamond();
  std::swap(graph.ops[0], graph.ops[1]);
  EXPECT_EQ(
      validate(graph).message(),
      "RELU6 'second' (operator 0): input 0 (tensor 1 'a') is neither constant nor a graph input nor computed by an earlier operator");
}

TEST(Counts, macs_by_enumeration) {
  Graph graph = one_op_graph(OpKind::kConv2D, Conv2DParams{.padding = Padding::kValid}, {1, 5, 6, 2}, {float_parameter("w", {4, 3, 2, 2})});
  ASSERT_TRUE(infer_shapes(graph).ok());
  int64_t macs = 0;
  for (int row = 0; row + 3 <= 5; ++row) {
    for (int column = 0; column + 2 <= 6; ++column) macs += 4 * 3 * 2 * 2;
  }
  EXPECT_EQ(count_macs(graph), macs);
  ASSERT_TRUE(infer_shapes(graph, 7).ok());
  EXPECT_EQ(count_macs(graph, graph.ops[0]), 7 * macs);

  Graph depthwise = one_op_graph(OpKind::kDepthwiseConv2D, DepthwiseConv2DParams{.depth_multiplier = 2}, {1, 5, 6, 2},
                                 {float_parameter("w", {1, 3, 5, 4})});
  ASSERT_TRUE(infer_shapes(depthwise).ok());
  EXPECT_EQ(count_macs(depthwise), 5 * 6 * 4 * (3 * 5));

  Graph dense = one_op_graph(OpKind::kFullyConnected, FullyConnectedParams{}, {3, 6}, {float_parameter("w", {5, 6})});
  ASSERT_TRUE(infer_shapes(dense).ok());
  EXPECT_EQ(count_macs(dense), 3 * 5 * 6);
  EXPECT_EQ(count_macs(diamond()), 0);
}

TEST(Counts, parameters_by_role) {
  Graph graph;
  graph.add_tensor(float_parameter("kernel", {3, 5}));
  Tensor statistic = float_parameter("moving_mean", {7});
  statistic.role = Role::kStatistic;
  graph.add_tensor(statistic);
  graph.add_tensor(int32_constant("axes", {2}, {1, 2}));
  EXPECT_EQ(count_parameters(graph, false), 15);
  EXPECT_EQ(count_parameters(graph, true), 22);
}

TEST(Print, one_line_per_operator_and_totals) {
  Graph graph = one_op_graph(OpKind::kConv2D, Conv2DParams{}, {1, 5, 6, 2}, {float_parameter("w", {1000, 1, 1, 2})});
  ASSERT_TRUE(infer_shapes(graph).ok());
  const std::string text = print(graph);
  EXPECT_THAT(text, ::testing::ContainsRegex("\n   0  CONV_2D +layer +\\[1,5,6,1000\\] +float32 +2,000 +60,000\n"));
  EXPECT_THAT(text, ::testing::EndsWith("1 operators, 2,000 parameters (2,000 trainable), 60,000 MACs\n"));
}

TEST(Graph, ActivationsAreReadAndSetWhereParametersKnowThem) {
  Op pool = {.kind = OpKind::kMaxPool2D, .name = "pool", .inputs = {}, .outputs = {}, .params = Pool2DParams{}};
  EXPECT_EQ(fused_activation(pool), Activation::kNone);
  set_fused_activation(pool, Activation::kRelu6);
  EXPECT_EQ(fused_activation(pool), Activation::kRelu6);
  EXPECT_EQ(pool.params_as<Pool2DParams>().activation, Activation::kRelu6);
  const Op relu = {.kind = OpKind::kRelu, .name = "relu", .inputs = {}, .outputs = {}, .params = {}};
  EXPECT_EQ(fused_activation(relu), Activation::kNone);
}

}  // namespace
}  // namespace liteqat::graph
