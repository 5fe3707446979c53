#include <gtest/gtest.h>

#include "graph/graph.h"
#include "graph/test_graphs.h"

namespace liteqat::graph {
namespace {

/// Shape of the last tensor after inference, empty with a test failure if inference fails.
Shape inferred(Graph graph, int32_t batch = 0) {
  const Status status = infer_shapes(graph, batch);
  EXPECT_TRUE(status.ok()) << status.message();
  return status.ok() ? graph.tensor(graph.outputs[0]).shape : Shape{};
}

/// How many window positions a walk over the axis finds: VALID takes those inside, SAME one per stride step.
int32_t count_positions(Padding padding, int32_t input, int32_t filter, int32_t stride, int32_t dilation) {
  int32_t count = 0;
  for (int32_t start = 0; start < input; start += stride) {
    const bool inside = start + (filter - 1) * dilation < input;
    if (padding == Padding::kSame || inside) ++count;
  }
  return count;
}

TEST(InferShapes, convolution_extents_equal_a_walk_over_the_windows) {
  for (Padding padding : {Padding::kSame, Padding::kValid}) {
    for (int32_t input : {5, 6, 7, 13, 32}) {
      for (int32_t filter : {1, 2, 3}) {
        for (int32_t stride : {1, 2, 3}) {
          for (int32_t dilation : {1, 2}) {
            const Conv2DParams params = {padding, stride, 1, dilation, 1, Activation::kNone};
            const Shape found =
                inferred(one_op_graph(OpKind::kConv2D, params, {1, input, 9, 4}, {float_parameter("w", {7, filter, 1, 4})}));
            const Shape expected = {1, count_positions(padding, input, filter, stride, dilation), 9, 7};
            EXPECT_EQ(found, expected) << input << " " << filter << " " << stride << " " << dilation;
          }
        }
      }
    }
  }
}

TEST(InferShapes, height_and_width_are_not_confused) {
  const Conv2DParams params = {Padding::kValid, 2, 3, 1, 2, Activation::kNone};
  // Height: (11 - 3) / 2 + 1 = 5; width: the 2-wide filter covers 3 at dilation 2, (20 - 3) / 3 + 1 = 6.
  EXPECT_EQ(
      inferred(one_op_graph(OpKind::kConv2D, params, {1, 11, 20, 1}, {float_parameter("w", {2, 3, 2, 1}), float_parameter("b", {2})})),
      (Shape{1, 5, 6, 2}));
  const Pool2DParams pool = {.stride_h = 2, .stride_w = 3, .filter_h = 4, .filter_w = 5};
  EXPECT_EQ(inferred(one_op_graph(OpKind::kMaxPool2D, pool, {1, 11, 20, 3}, {})), (Shape{1, 4, 6, 3}));
  EXPECT_EQ(inferred(one_op_graph(OpKind::kAveragePool2D, pool, {1, 11, 20, 3}, {})), (Shape{1, 4, 6, 3}));
}

TEST(InferShapes, depthwise_multiplies_channels) {
  const DepthwiseConv2DParams params = {.stride_h = 2, .stride_w = 2, .depth_multiplier = 3};
  EXPECT_EQ(inferred(one_op_graph(OpKind::kDepthwiseConv2D, params, {1, 7, 7, 4}, {float_parameter("w", {1, 3, 3, 12})})),
            (Shape{1, 4, 4, 12}));
}

TEST(InferShapes, fully_connected_flattens_or_keeps_axes) {
  const auto weights = [] { return float_parameter("w", {5, 6}); };
  EXPECT_EQ(inferred(one_op_graph(OpKind::kFullyConnected, FullyConnectedParams{}, {4, 6}, {weights()})), (Shape{4, 5}));
  EXPECT_EQ(inferred(one_op_graph(OpKind::kFullyConnected, FullyConnectedParams{}, {2, 1, 3, 2}, {weights()})), (Shape{2, 5}));
  EXPECT_EQ(inferred(one_op_graph(OpKind::kFullyConnected, FullyConnectedParams{}, {2, 3, 4}, {weights()})), (Shape{4, 5}));
  const FullyConnectedParams keep = {.keep_num_dims = true};
  EXPECT_EQ(inferred(one_op_graph(OpKind::kFullyConnected, keep, {2, 3, 6}, {weights()})), (Shape{2, 3, 5}));
}

TEST(InferShapes, mean_over_positive_negative_and_repeated_axes) {
  const auto mean = [](bool keep, const std::vector<int32_t>& axes) {
    return inferred(one_op_graph(OpKind::kMean, ReductionParams{.keep_dims = keep}, {2, 7, 5, 3},
                                 {int32_constant("axes", {static_cast<int32_t>(axes.size())}, axes)}));
  };
  EXPECT_EQ(mean(false, {1, 2}), (Shape{2, 3}));
  EXPECT_EQ(mean(false, {-2, -3}), (Shape{2, 3}));
  EXPECT_EQ(mean(true, {2, 1, 2}), (Shape{2, 1, 1, 3}));
  EXPECT_EQ(mean(false, {3}), (Shape{2, 7, 5}));
  EXPECT_EQ(inferred(one_op_graph(OpKind::kMean, ReductionParams{}, {2, 7, 5, 3}, {int32_constant("axis", {}, {-1})})), (Shape{2, 7, 5}));
}

TEST(InferShapes, pad_adds_both_sides) {
  EXPECT_EQ(inferred(one_op_graph(OpKind::kPad, {}, {1, 4, 5, 2}, {int32_constant("p", {4, 2}, {0, 0, 1, 2, 0, 3, 4, 0})})),
            (Shape{1, 7, 8, 6}));
}

TEST(InferShapes, reshape_infers_one_extent_and_follows_the_batch) {
  const auto reshape = [](const Shape& x, const std::vector<int32_t>& shape, int32_t batch) {
    return inferred(one_op_graph(OpKind::kReshape, {}, x, {int32_constant("s", {static_cast<int32_t>(shape.size())}, shape)}), batch);
  };
  EXPECT_EQ(reshape({1, 13, 13, 12}, {-1, 2028}, 0), (Shape{1, 2028}));
  EXPECT_EQ(reshape({1, 13, 13, 12}, {-1, 2028}, 7), (Shape{7, 2028}));
  EXPECT_EQ(reshape({1, 13, 13, 12}, {1, 2028}, 7), (Shape{7, 2028}));
  EXPECT_EQ(reshape({1, 13, 13, 12}, {1, -1}, 7), (Shape{7, 2028}));
  EXPECT_EQ(reshape({1, 1, 1, 10}, {1, 10}, 0), (Shape{1, 10}));
  EXPECT_EQ(reshape({6}, {1, 2, 3}, 0), (Shape{1, 2, 3}));
  EXPECT_EQ(reshape({1, 28, 28}, {1, 28, 28, 1}, 3), (Shape{3, 28, 28, 1}));
  EXPECT_EQ(reshape({1, 7, 7, 3}, {49, 3}, 2), (Shape{98, 3}));
  EXPECT_EQ(reshape({4, 6}, {1, -1}, 0), (Shape{1, 24}));  // the batch is what it is: nothing to follow
}

TEST(InferShapes, vectors_and_other_extents_have_no_batch_axis) {
  // images [1,2,3] + a vector [3], both inputs of the graph; then with a table [4,3] that is no batch of one.
  Graph graph = one_op_graph(OpKind::kAdd, ArithmeticParams{}, {1, 2, 3}, {Tensor{.name = "vector", .shape = {3}}});
  graph.inputs.push_back(graph.ops[0].inputs[1]);
  EXPECT_EQ(inferred(graph, 5), (Shape{5, 2, 3}));
  EXPECT_EQ(inferred(graph, 1), (Shape{1, 2, 3}));
  std::swap(graph.inputs[0], graph.inputs[1]);  // the first input with an axis for it says what the batch is
  EXPECT_EQ(inferred(graph, 5), (Shape{5, 2, 3}));
  graph.tensor(graph.ops[0].inputs[1]).shape = {2, 3};
  std::swap(graph.inputs[0], graph.inputs[1]);
  EXPECT_EQ(inferred(graph, 5), (Shape{5, 2, 3}));

  // A vector alone is taken as it is; it has no room for more.
  const Graph vector = one_op_graph(OpKind::kRelu, {}, {10}, {});
  EXPECT_EQ(inferred(vector, 1), (Shape{10}));
  Graph many = vector;
  const Status refused = infer_shapes(many, 2);
  EXPECT_EQ(refused.code(), Code::kInvalidArgument);
  EXPECT_EQ(refused.message(), "the batch is 2, but no input has a batch axis: that is extent 0 of inputs with two axes or more");
}

TEST(InferShapes, add_of_equal_and_broadcast_shapes) {
  const auto add = [](const Shape& a, const Shape& b) {
    return inferred(one_op_graph(OpKind::kAdd, ArithmeticParams{}, a, {float_parameter("b", b)}));
  };
  EXPECT_EQ(add({1, 4, 5, 6}, {1, 4, 5, 6}), (Shape{1, 4, 5, 6}));
  EXPECT_EQ(add({1, 4, 5, 6}, {6}), (Shape{1, 4, 5, 6}));
  EXPECT_EQ(add({1, 4, 1, 6}, {5, 1}), (Shape{1, 4, 5, 6}));
  EXPECT_EQ(add({2, 3}, {}), (Shape{2, 3}));
}

TEST(InferShapes, elementwise_operators_keep_the_shape) {
  for (OpKind kind : {OpKind::kRelu, OpKind::kRelu6, OpKind::kQuantize, OpKind::kDequantize}) {
    EXPECT_EQ(inferred(one_op_graph(kind, {}, {1, 4, 5, 6}, {}), 3), (Shape{3, 4, 5, 6})) << op_kind_name(kind);
  }
  EXPECT_EQ(inferred(one_op_graph(OpKind::kSoftmax, SoftmaxParams{}, {1, 10}, {}), 2), (Shape{2, 10}));
  EXPECT_EQ(inferred(one_op_graph(OpKind::kBatchNorm, BatchNormParams{}, {1, 4, 5, 6},
                                  {float_parameter("gamma", {6}), float_parameter("beta", {6}), float_parameter("mean", {6}),
                                   float_parameter("variance", {6})})),
            (Shape{1, 4, 5, 6}));
}

TEST(InferShapes, stored_types_stay) {
  Graph graph = int8_conv_graph();
  ASSERT_TRUE(infer_shapes(graph, 4).ok());
  EXPECT_EQ(graph.tensor(3).type, DType::kInt8);
  EXPECT_EQ(graph.tensor(3).shape, (Shape{4, 5, 5, 3}));
  EXPECT_TRUE(validate(graph).ok());
}

TEST(InferShapes, failure_leaves_the_graph_as_it_was) {
  Graph graph = one_op_graph(OpKind::kMean, ReductionParams{}, {1, 2, 3, 4}, {int32_constant("axes", {1}, {9})});
  EXPECT_FALSE(infer_shapes(graph, 5).ok());
  EXPECT_EQ(graph.tensor(0).shape, (Shape{1, 2, 3, 4}));
}

}  // namespace
}  // namespace liteqat::graph
