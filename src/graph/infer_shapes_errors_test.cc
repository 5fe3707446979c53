#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "graph/graph.h"
#include "graph/test_graphs.h"

namespace liteqat::graph {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int32_t kHuge = std::numeric_limits<int32_t>::max();

void expect_refused(Graph graph, Code code, const std::string& part) {
  const Status status = infer_shapes(graph);
  EXPECT_EQ(status.code(), code) << status.message();
  EXPECT_THAT(status.message(), HasSubstr(part));
  EXPECT_THAT(status.message(), StartsWith(format("{} 'layer' (operator 0): ", op_kind_name(graph.ops[0].kind))));
}

Graph conv(const Conv2DParams& params, const Shape& x, const Shape& w) {
  return one_op_graph(OpKind::kConv2D, params, x, {float_parameter("w", w)});
}

TEST(InferShapesErrors, convolution) {
  const Conv2DParams valid = {.padding = Padding::kValid};
  expect_refused(conv(valid, {1, 4, 4}, {1, 3, 3, 1}), Code::kMismatch, "the input must have 4 extents, found [1,4,4]");
  expect_refused(conv(valid, {1, 4, 4, 1}, {3, 3, 1}), Code::kMismatch, "the weights must have 4 extents");
  expect_refused(conv(valid, {1, 4, 4, 6}, {3, 3, 3, 3}), Code::kMismatch, "into groups");
  expect_refused(conv(valid, {1, 2, 9, 1}, {1, 3, 3, 1}), Code::kMismatch, "does not fit an input of 2 along height");
  expect_refused(conv(valid, {1, 9, 2, 1}, {1, 3, 3, 1}), Code::kMismatch, "along width");
  expect_refused(conv({.stride_h = 0}, {1, 4, 4, 1}, {1, 3, 3, 1}), Code::kOutOfRange, "stride");
  expect_refused(conv({.stride_w = -1}, {1, 4, 4, 1}, {1, 3, 3, 1}), Code::kOutOfRange, "stride");
  expect_refused(conv({.dilation_w = 0}, {1, 4, 4, 1}, {1, 3, 3, 1}), Code::kOutOfRange, "dilation");
  expect_refused(conv({.dilation_h = kHuge}, {1, 4, 4, 1}, {1, 3, 3, 1}), Code::kOutOfRange, "dilation");
  expect_refused(conv({}, {1, 4, 4, 1}, {1, 0, 3, 1}), Code::kOutOfRange, "filter");
  expect_refused(conv({.dilation_h = 1 << 30}, {1, 4, 4, 1}, {1, 3, 3, 1}), Code::kOutOfRange, "dilated filter 2147483649 along height");
  expect_refused(conv({}, {1, kHuge, 1, 1}, {1, 3, 3, 1}), Code::kOutOfRange, "input extent 2147483647");
  expect_refused(
      one_op_graph(OpKind::kConv2D, Conv2DParams{}, {1, 4, 4, 1}, {float_parameter("w", {2, 3, 3, 1}), float_parameter("b", {3})}),
      Code::kMismatch, "bias must have shape [2], found [3]");
}

TEST(InferShapesErrors, output_with_too_many_elements) {
  Graph graph = one_op_graph(OpKind::kPad, {}, {1 << 30, 1, 1 << 30, 1}, {int32_constant("p", {4, 2}, {0, 0, 0, 1000, 0, 0, 0, 0})});
  EXPECT_EQ(infer_shapes(graph).code(), Code::kOutOfRange);
}

TEST(InferShapesErrors, depthwise) {
  const auto depthwise = [](int32_t multiplier, const Shape& w) {
    return one_op_graph(OpKind::kDepthwiseConv2D, DepthwiseConv2DParams{.depth_multiplier = multiplier}, {1, 5, 5, 4},
                        {float_parameter("w", w)});
  };
  expect_refused(depthwise(2, {1, 3, 3, 4}), Code::kMismatch, "depth multiplier 2");
  expect_refused(depthwise(0, {1, 3, 3, 4}), Code::kMismatch, "depth multiplier 0");
  expect_refused(depthwise(1, {2, 3, 3, 4}), Code::kMismatch, "found [2,3,3,4]");
}

TEST(InferShapesErrors, fully_connected) {
  const auto dense = [](bool keep, const Shape& x) {
    return one_op_graph(OpKind::kFullyConnected, FullyConnectedParams{.keep_num_dims = keep}, x, {float_parameter("w", {5, 6})});
  };
  expect_refused(dense(false, {1, 7}), Code::kMismatch, "7 elements, which do not divide into rows of 6");
  expect_refused(dense(true, {6, 2}), Code::kMismatch, "last extent of 6");
  expect_refused(
      one_op_graph(OpKind::kFullyConnected, FullyConnectedParams{}, {1, 6}, {float_parameter("w", {5, 6}), float_parameter("b", {6})}),
      Code::kMismatch, "bias must have shape [5]");
}

TEST(InferShapesErrors, batch_norm_and_add) {
  expect_refused(one_op_graph(OpKind::kBatchNorm, BatchNormParams{}, {1, 2, 2, 3},
                              {float_parameter("g", {3}), float_parameter("b", {3}), float_parameter("m", {4}), float_parameter("v", {3})}),
                 Code::kMismatch, "moving mean must have shape [3], found [4]");
  expect_refused(one_op_graph(OpKind::kAdd, ArithmeticParams{}, {1, 2, 3}, {float_parameter("b", {2})}), Code::kMismatch,
                 "shapes [1,2,3] and [2] are neither equal nor broadcastable");
}

TEST(InferShapesErrors, pooling) {
  expect_refused(one_op_graph(OpKind::kMaxPool2D, Pool2DParams{.filter_h = 0}, {1, 4, 4, 1}, {}), Code::kOutOfRange, "filter");
  expect_refused(one_op_graph(OpKind::kAveragePool2D, Pool2DParams{.filter_h = 5}, {1, 4, 4, 1}, {}), Code::kMismatch, "does not fit");
  expect_refused(one_op_graph(OpKind::kAveragePool2D, Pool2DParams{}, {1, 4}, {}), Code::kMismatch, "4 extents");
}

TEST(InferShapesErrors, mean_and_pad) {
  const auto mean = [](int32_t axis) {
    return one_op_graph(OpKind::kMean, ReductionParams{}, {1, 4, 4, 2}, {int32_constant("a", {1}, {axis})});
  };
  expect_refused(mean(4), Code::kOutOfRange, "axis 4 is outside");
  expect_refused(mean(-5), Code::kOutOfRange, "axis -5 is outside");
  const auto pad = [](const std::vector<int32_t>& values) {
    return one_op_graph(OpKind::kPad, {}, {1, 4}, {int32_constant("p", {static_cast<int32_t>(values.size() / 2), 2}, values)});
  };
  expect_refused(pad({0, 0}), Code::kMismatch, "paddings must have shape [2,2], found [1,2]");
  expect_refused(pad({0, 0, -1, 0}), Code::kOutOfRange, "-1");
  expect_refused(pad({0, 0, kHuge, kHuge}), Code::kOutOfRange, "2147483647");
  expect_refused(pad({0, 0, 1 << 30, 0}), Code::kOutOfRange, "nor the sum exceed 2^30");
}

TEST(InferShapesErrors, reshape) {
  const auto reshape = [](const std::vector<int32_t>& shape) {
    return one_op_graph(OpKind::kReshape, {}, {1, 12}, {int32_constant("s", {static_cast<int32_t>(shape.size())}, shape)});
  };
  expect_refused(reshape({5, 2}), Code::kMismatch, "12 elements cannot take the new shape [5,2]");
  expect_refused(reshape({-1, 5}), Code::kMismatch, "[-1,5]");
  expect_refused(reshape({-1, -1}), Code::kMismatch, "[-1,-1]");
  expect_refused(reshape({-1, 0}), Code::kMismatch, "[-1,0]");
  expect_refused(reshape({-2, 6}), Code::kOutOfRange, "[-2,6]");
  expect_refused(reshape({kHuge, kHuge, kHuge}), Code::kOutOfRange, "too many elements");
}

TEST(InferShapesErrors, index_constants_whose_payload_does_not_fit) {
  Graph graph = one_op_graph(OpKind::kReshape, {}, {1, 12}, {int32_constant("s", {2}, {3})});
  expect_refused(graph, Code::kMismatch, "constant 's' of shape [2] holds 4 bytes");
}

TEST(InferShapesErrors, softmax_of_a_scalar_and_negative_batch) {
  expect_refused(one_op_graph(OpKind::kSoftmax, SoftmaxParams{}, {}, {}), Code::kMismatch, "scalar");
  Graph graph = int8_conv_graph();
  EXPECT_EQ(infer_shapes(graph, -1).code(), Code::kInvalidArgument);
}

TEST(InferShapesErrors, graph_input_without_extent) {
  Graph graph = one_op_graph(OpKind::kRelu, {}, {1, 0, 4}, {});
  EXPECT_EQ(infer_shapes(graph).message(), "graph input 'input' has shape [1,0,4]: every extent must be at least 1");
}

}  // namespace
}  // namespace liteqat::graph
