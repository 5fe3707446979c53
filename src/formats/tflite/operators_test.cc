#include "formats/tflite/operators.h"

#include <gtest/gtest.h>

namespace liteqat::formats::tflite {
namespace {

using graph::DType;
using graph::Graph;
using graph::Op;
using graph::OpKind;

constexpr DType kF32 = DType::kFloat32, kF16 = DType::kFloat16, kI8 = DType::kInt8, kU8 = DType::kUInt8, kI16 = DType::kInt16;

struct Types {
  DType x, w, y;
};

int32_t version_of(OpKind kind, Types types, graph::OpParams params = {}, size_t scales = 1, bool bias = true, size_t rank = 4) {
  Graph graph;
  graph.tensors.resize(4);
  graph.tensors[0].type = types.x;
  graph.tensors[0].shape.assign(rank, 1);
  graph.tensors[1].type = types.w;
  graph.tensors[1].quantization.scale.assign(scales, 1.0f);
  graph.tensors[3].type = types.y;
  Op op{kind, "op", {0, 1}, {3}, params, 0};
  if (bias) op.inputs.push_back(2);
  return needed_version(graph, op);
}

// Expected numbers: docs/tflite_subset.md, taken from LiteRT's op_version.cc.
TEST(Operators, ConvolutionVersions) {
  EXPECT_EQ(version_of(OpKind::kConv2D, {kF32, kF32, kF32}), 1);
  EXPECT_EQ(version_of(OpKind::kConv2D, {kF32, kI8, kF32}), 2);
  EXPECT_EQ(version_of(OpKind::kConv2D, {kF32, kI8, kF32}, {}, 8), 5);
  EXPECT_EQ(version_of(OpKind::kConv2D, {kI8, kI8, kI8}, {}, 8), 3);
  EXPECT_EQ(version_of(OpKind::kConv2D, {kI16, kI8, kI16}, {}, 8), 8);
  const graph::DepthwiseConv2DParams plain, dilated{.dilation_w = 2};
  EXPECT_EQ(version_of(OpKind::kDepthwiseConv2D, {kF32, kF32, kF32}, plain), 1);
  EXPECT_EQ(version_of(OpKind::kDepthwiseConv2D, {kF32, kF32, kF32}, dilated), 2);
  EXPECT_EQ(version_of(OpKind::kDepthwiseConv2D, {kI8, kI8, kI8}, dilated), 3);
  EXPECT_EQ(version_of(OpKind::kDepthwiseConv2D, {kF32, kI8, kF32}, plain), 4);
  EXPECT_EQ(version_of(OpKind::kDepthwiseConv2D, {kF32, kI8, kF32}, plain, 8), 6);
  EXPECT_EQ(version_of(OpKind::kDepthwiseConv2D, {kI16, kI8, kI16}, plain, 8), 1);
}

TEST(Operators, DenseVersions) {
  const graph::FullyConnectedParams plain, kept{.keep_num_dims = true};
  EXPECT_EQ(version_of(OpKind::kFullyConnected, {kF32, kF32, kF32}, plain), 1);
  EXPECT_EQ(version_of(OpKind::kFullyConnected, {kF32, kI8, kF32}, plain), 3);
  EXPECT_EQ(version_of(OpKind::kFullyConnected, {kI8, kI8, kI8}, plain), 4);
  EXPECT_EQ(version_of(OpKind::kFullyConnected, {kI8, kI8, kI8}, kept), 5);
  EXPECT_EQ(version_of(OpKind::kFullyConnected, {kI8, kI8, kI8}, kept, 1, false), 6);
  EXPECT_EQ(version_of(OpKind::kFullyConnected, {kI16, kI8, kI16}, plain), 11);
  EXPECT_EQ(version_of(OpKind::kFullyConnected, {kF32, kI8, kF32}, plain, 8), 12);
}

TEST(Operators, OtherVersions) {
  for (OpKind kind : {OpKind::kMaxPool2D, OpKind::kAveragePool2D, OpKind::kMean, OpKind::kSoftmax, OpKind::kRelu6}) {
    EXPECT_EQ(version_of(kind, {kF32, kF32, kF32}), 1);
    EXPECT_EQ(version_of(kind, {kU8, kU8, kU8}), 1);
    EXPECT_EQ(version_of(kind, {kI8, kI8, kI8}), 2);
    EXPECT_EQ(version_of(kind, {kI16, kI16, kI16}), 3);
  }
  const graph::ArithmeticParams older{.power_of_two_int16 = true}, newer{.power_of_two_int16 = false};
  EXPECT_EQ(version_of(OpKind::kAdd, {kF32, kF32, kF32}, older), 1);
  EXPECT_EQ(version_of(OpKind::kAdd, {kI8, kI8, kI8}, older), 2);
  EXPECT_EQ(version_of(OpKind::kAdd, {kI16, kI16, kI16}, older), 1);
  EXPECT_EQ(version_of(OpKind::kAdd, {kI16, kI16, kI16}, newer), 3);
  EXPECT_EQ(version_of(OpKind::kSub, {kI8, kI8, kI8}, older), 2);
  EXPECT_EQ(version_of(OpKind::kSub, {kI16, kI16, kI16}, newer), 5);
  EXPECT_EQ(version_of(OpKind::kTranspose, {kI16, kF32, kI16}), 5);
  EXPECT_EQ(version_of(OpKind::kCast, {kI8, kF32, kF32}), 3);
  EXPECT_EQ(version_of(OpKind::kRelu, {kU8, kU8, kU8}), 2);
  EXPECT_EQ(version_of(OpKind::kPad, {kI8, kI8, kI8}), 2);
  EXPECT_EQ(version_of(OpKind::kPad, {kI8, kI8, kI8}, {}, 1, true, 5), 4);
  EXPECT_EQ(version_of(OpKind::kReshape, {kI16, kI16, kI16}), 1);
  EXPECT_EQ(version_of(OpKind::kQuantize, {kF32, kF32, kI8}), 1);
  EXPECT_EQ(version_of(OpKind::kQuantize, {kF32, kF32, kI16}), 2);
  EXPECT_EQ(version_of(OpKind::kDequantize, {kU8, kF32, kF32}), 1);
  EXPECT_EQ(version_of(OpKind::kDequantize, {kI8, kF32, kF32}), 2);
  EXPECT_EQ(version_of(OpKind::kDequantize, {kF16, kF32, kF32}), 3);
}

TEST(Operators, CodesAndReleases) {
  EXPECT_EQ(find_builtin_code(OpKind::kConv2D), 3);
  EXPECT_EQ(find_builtin_code(OpKind::kQuantize), 114);
  EXPECT_EQ(find_builtin_code(OpKind::kBatchNorm), std::nullopt);
  EXPECT_EQ(find_kind(25), OpKind::kSoftmax);
  EXPECT_EQ(find_kind(32), std::nullopt);
  EXPECT_EQ(release_text(first_release(OpKind::kConv2D, 5)), "2.4.0");
  EXPECT_EQ(release_text(first_release(OpKind::kDequantize, 3)), "1.15.0");
  EXPECT_EQ(release_text(first_release(OpKind::kFullyConnected, 12)), "2.17.0");
  EXPECT_LT(first_release(OpKind::kDequantize, 1), first_release(OpKind::kConv2D, 4));               // 1.13.1 < 2.3.0, not by text
  EXPECT_LT(first_release(OpKind::kFullyConnected, 9), first_release(OpKind::kFullyConnected, 10));  // 2.3.0 < 2.11.0
}

}  // namespace
}  // namespace liteqat::formats::tflite
