// Shapes of the operators that move, reduce or resize, and shapes that are computed by operators themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/graph.h"
#include "graph/strided_slice.h"
#include "graph/test_graphs.h"

namespace liteqat::graph {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  Shape shape;
  std::string message;
};

Outcome infer(Graph graph, int32_t batch = 0) {
  const Status status = infer_shapes(graph, batch);
  return {status.ok() ? graph.tensor(graph.outputs[0]).shape : Shape{}, status.message()};
}

Tensor indices(const std::string& name, const std::vector<int32_t>& values) {
  return int32_constant(name, {static_cast<int32_t>(values.size())}, values);
}

TEST(LayoutShapes, squeeze_expand_dims_transpose) {
  const auto squeeze = [](const std::vector<int32_t>& axes) {
    return infer(one_op_graph(OpKind::kSqueeze, SqueezeParams{axes}, {1, 3, 1, 2}, {}));
  };
  EXPECT_EQ(squeeze({}).shape, (Shape{3, 2}));
  EXPECT_EQ(squeeze({-2}).shape, (Shape{1, 3, 2}));
  EXPECT_THAT(squeeze({1}).message, HasSubstr("axis 1 of an input [1,3,1,2] has extent 3, expected 1"));
  EXPECT_THAT(squeeze({4}).message, HasSubstr("axis 4 is outside"));
  const auto expand = [](const std::vector<int32_t>& axis) {
    return infer(one_op_graph(OpKind::kExpandDims, {}, {3, 2}, {indices("a", axis)}));
  };
  EXPECT_EQ(expand({2}).shape, (Shape{3, 2, 1}));
  EXPECT_EQ(expand({-3}).shape, (Shape{1, 3, 2}));
  EXPECT_THAT(expand({3}).message, HasSubstr("axis 3 is outside"));
  EXPECT_THAT(expand({0, 1}).message, HasSubstr("must hold one value, found 2"));
  const auto transpose = [](const std::vector<int32_t>& p) {
    return infer(one_op_graph(OpKind::kTranspose, {}, {2, 3, 4}, {indices("p", p)}));
  };
  EXPECT_EQ(transpose({2, 0, -2}).shape, (Shape{4, 2, 3}));
  EXPECT_THAT(transpose({0, 1, 1}).message, HasSubstr("names axis 1 of an input [2,3,4] twice"));
  EXPECT_THAT(transpose({0, 1}).message, HasSubstr("has 2 entries"));
}

TEST(LayoutShapes, joining_and_splitting) {
  const auto joined = [](OpKind kind, int32_t axis, const Shape& other) {
    return infer(one_op_graph(kind, AxisParams{.axis = axis}, {2, 3}, {float_parameter("b", other)}));
  };
  EXPECT_EQ(joined(OpKind::kConcatenation, -1, {2, 4}).shape, (Shape{2, 7}));
  EXPECT_THAT(joined(OpKind::kConcatenation, 0, {2, 4}).message,
              HasSubstr("input 1 of shape [2,4] cannot follow one of shape [2,3] along axis 0"));
  EXPECT_THAT(joined(OpKind::kConcatenation, 0, {2, 3, 1}).message, HasSubstr("cannot follow"));
  EXPECT_EQ(joined(OpKind::kPack, -1, {2, 3}).shape, (Shape{2, 3, 2}));
  EXPECT_EQ(joined(OpKind::kPack, 0, {2, 3}).shape, (Shape{2, 2, 3}));
  EXPECT_THAT(joined(OpKind::kPack, 0, {3, 2}).message, HasSubstr("input 1 has shape [3,2], the first one [2,3]"));
  const auto split = [](int32_t parts, const Shape& x) {
    Graph graph = one_op_graph(OpKind::kRelu, {}, x, {indices("axis", {-1})});
    graph.ops[0] = {.kind = OpKind::kSplit, .name = "layer", .inputs = {1, 0}, .outputs = {2}, .params = SplitParams{parts}};
    graph.ops[0].outputs.push_back(graph.add_tensor(float_activation("second", {})));
    return infer(graph);
  };
  EXPECT_EQ(split(2, {3, 6}).shape, (Shape{3, 3}));
  EXPECT_THAT(split(2, {3, 5}).message, HasSubstr("splits axis 1 of an input [3,5] into 2 equal parts"));
  EXPECT_THAT(split(3, {3, 6}).message, HasSubstr("it has 2 outputs"));
}

TEST(LayoutShapes, slices) {
  const auto slice = [](const std::vector<int32_t>& begin, const std::vector<int32_t>& size) {
    return infer(one_op_graph(OpKind::kSlice, {}, {4, 5}, {indices("begin", begin), indices("size", size)}));
  };
  EXPECT_EQ(slice({1, 2}, {2, -1}).shape, (Shape{2, 3}));
  EXPECT_THAT(slice({3, 0}, {2, 1}).message, HasSubstr("begin 3 and size 2 of axis 0 reach outside"));
  EXPECT_THAT(slice({0, 5}, {1, -1}).message, HasSubstr("would have shape [1,0]"));
  EXPECT_THAT(slice({0}, {1}).message, HasSubstr("must have 2 values"));
}

Outcome strided(const std::vector<int32_t>& begin, const std::vector<int32_t>& end, const std::vector<int32_t>& strides,
                StridedSliceParams params) {
  return infer(one_op_graph(OpKind::kStridedSlice, params, {4, 5, 6}, {indices("b", begin), indices("e", end), indices("s", strides)}));
}

TEST(LayoutShapes, strided_slices) {
  EXPECT_EQ(strided({1, 0, 0}, {4, 5, 6}, {2, 1, 3}, {}).shape, (Shape{2, 5, 2}));
  EXPECT_EQ(strided({-1}, {-5}, {-1}, {}).shape, (Shape{4, 5, 6}));  // the end clamps to before the first
  EXPECT_EQ(strided({0, 4}, {4, 0}, {1, -2}, {}).shape, (Shape{4, 2, 6}));
  EXPECT_EQ(strided({2, 3}, {3, 4}, {1, 1}, {.begin_mask = 1, .end_mask = 2}).shape, (Shape{3, 2, 6}));
  EXPECT_EQ(strided({1, 2}, {9, 9}, {1, 1}, {.shrink_axis_mask = 3}).shape, (Shape{6}));
  EXPECT_EQ(strided({0, 1}, {0, 3}, {1, 1}, {.ellipsis_mask = 1}).shape, (Shape{4, 5, 2}));
  EXPECT_EQ(strided({0, 0}, {0, 2}, {1, 1}, {.new_axis_mask = 1}).shape, (Shape{1, 2, 5, 6}));
  EXPECT_EQ(strided({1, 0, -2}, {3, 5, 2}, {2, 1, 1}, {.end_is_offset = true}).shape, (Shape{2, 5, 2}));
}

TEST(LayoutShapes, strided_slices_refused) {
  EXPECT_THAT(strided({0}, {1}, {0}, {}).message, HasSubstr("stride 0 of index 0"));
  EXPECT_THAT(strided({0, 0}, {1}, {1}, {}).message, HasSubstr("equal lengths of at most 31, found 2, 1 and 1"));
  EXPECT_THAT(strided({4}, {5}, {1}, {.shrink_axis_mask = 1}).message, HasSubstr("takes position 4 of axis 0 of extent 4"));
  EXPECT_THAT(strided({3}, {5}, {-1}, {.shrink_axis_mask = 1}).message, HasSubstr("it must lie inside, forwards"));
  EXPECT_THAT(strided({2}, {1}, {1}, {}).message, HasSubstr("would have shape [0,5,6]"));
  EXPECT_THAT(strided({0, 0, 0, 0}, {1, 1, 1, 1}, {1, 1, 1, 1}, {.ellipsis_mask = 1}).message, HasSubstr("more than the axes"));
  EXPECT_THAT(strided({0}, {1}, {1}, {.ellipsis_mask = 6}).message, HasSubstr("must lie within 1 indices"));
  EXPECT_THAT(strided({2, 0, 0}, {3, 5, 6}, {1, 1, 1}, {.end_is_offset = true}).message, HasSubstr("takes 3 positions from 2"));
  EXPECT_THAT(strided({1}, {3}, {2}, {.end_is_offset = true}).message, HasSubstr("one for every axis of an input [4,5,6]"));
}

TEST(LayoutShapes, blocks_and_sizes) {
  EXPECT_EQ(infer(one_op_graph(OpKind::kDepthToSpace, BlockParams{2}, {1, 3, 4, 12}, {})).shape, (Shape{1, 6, 8, 3}));
  EXPECT_THAT(infer(one_op_graph(OpKind::kDepthToSpace, BlockParams{2}, {1, 3, 4, 6}, {})).message,
              HasSubstr("do not divide into blocks of 2 x 2"));
  EXPECT_THAT(infer(one_op_graph(OpKind::kDepthToSpace, BlockParams{0}, {1, 3, 4, 6}, {})).message, HasSubstr("blocks of 0 x 0"));
  const auto blocks = [](OpKind kind, const Shape& x, const std::vector<int32_t>& block, const std::vector<int32_t>& margins) {
    return infer(
        one_op_graph(kind, {}, x, {indices("block", block), int32_constant("m", {static_cast<int32_t>(margins.size() / 2), 2}, margins)}));
  };
  EXPECT_EQ(blocks(OpKind::kSpaceToBatchNd, {1, 3, 4, 5}, {2, 3}, {1, 0, 0, 2}).shape, (Shape{6, 2, 2, 5}));
  EXPECT_EQ(blocks(OpKind::kBatchToSpaceNd, {6, 2, 2, 5}, {2, 3}, {1, 0, 0, 2}).shape, (Shape{1, 3, 4, 5}));
  EXPECT_EQ(blocks(OpKind::kSpaceToBatchNd, {2, 4, 5}, {2}, {0, 0}).shape, (Shape{4, 2, 5}));
  EXPECT_THAT(blocks(OpKind::kSpaceToBatchNd, {1, 3, 4, 5}, {2, 3}, {0, 0, 0, 2}).message, HasSubstr("not a multiple of the block 2"));
  EXPECT_THAT(blocks(OpKind::kBatchToSpaceNd, {5, 2, 2, 5}, {2, 3}, {0, 0, 0, 0}).message, HasSubstr("does not divide into blocks of 2"));
  EXPECT_THAT(blocks(OpKind::kBatchToSpaceNd, {6, 2, 2, 5}, {0, 3}, {0, 0, 0, 0}).message, HasSubstr("block 0 must be at least 1"));
  EXPECT_THAT(blocks(OpKind::kBatchToSpaceNd, {6, 2, 2, 5}, {2}, {0, 0}).message, HasSubstr("must have shapes [2] and [2,2]"));
  const auto resize = [](const std::vector<int32_t>& size, ResizeParams params) {
    return infer(one_op_graph(OpKind::kResizeBilinear, params, {2, 3, 4, 5}, {indices("size", size)}));
  };
  EXPECT_EQ(resize({7, 1}, {}).shape, (Shape{2, 7, 1, 5}));
  EXPECT_THAT(resize({0, 1}, {}).message, HasSubstr("1 to 2^20"));
  EXPECT_THAT(resize({2, 2}, {.align_corners = true, .half_pixel_centers = true}).message, HasSubstr("exclude each other"));
}

TEST(LayoutShapes, reductions_padding_and_positions) {
  const auto reduced = [](OpKind kind, const std::vector<int32_t>& axes) {
    return infer(one_op_graph(kind, ReductionParams{}, {2, 3, 4}, {indices("axes", axes)})).shape;
  };
  EXPECT_EQ(reduced(OpKind::kSum, {0}), (Shape{3, 4}));
  EXPECT_EQ(reduced(OpKind::kReduceMax, {}), (Shape{2, 3, 4}));
  EXPECT_EQ(infer(one_op_graph(OpKind::kArgMax, {}, {2, 3, 4}, {indices("axis", {-2})})).shape, (Shape{2, 4}));
  EXPECT_EQ(infer(one_op_graph(OpKind::kPad, {}, {1, 4}, {int32_constant("p", {2, 2}, {1, 2, 0, 0})})).shape, (Shape{4, 4}));
  EXPECT_THAT(
      infer(one_op_graph(OpKind::kPadV2, {}, {1, 4}, {int32_constant("p", {2, 2}, {1, 2, 0, 0}), float_parameter("v", {2})})).message,
      HasSubstr("pads with one value, found [2]"));
  const auto mirrored = [](bool symmetric) {
    return infer(one_op_graph(OpKind::kMirrorPad, MirrorPadParams{symmetric}, {1, 4}, {int32_constant("p", {2, 2}, {0, 0, 4, 0})}));
  };
  EXPECT_EQ(mirrored(true).shape, (Shape{1, 8}));
  EXPECT_THAT(mirrored(false).message, HasSubstr("exceed 3, all that an input [1,4] can mirror"));
}

/// What Keras' Flatten or Reshape becomes: SHAPE of the input, its first extent, packed with the rest, as the new shape.
Graph computed_reshape() {
  Graph graph = one_op_graph(OpKind::kShape, {}, {1, 2, 3}, {});
  graph.tensor(1).type = DType::kInt32;                                                                // tensors 0 input, 1 its shape
  for (const char* name : {"zero", "one"}) graph.add_tensor(indices(name, {name[0] == 'z' ? 0 : 1}));  // 2, 3
  graph.add_tensor({.name = "batch", .type = DType::kInt32, .shape = {}});                             // 4
  graph.add_tensor(int32_constant("six", {}, {6}));                                                    // 5
  graph.add_tensor({.name = "new_shape", .type = DType::kInt32, .shape = {}});                         // 6
  graph.add_tensor(float_activation("flat", {}));                                                      // 7
  graph.ops.push_back({.kind = OpKind::kStridedSlice,
                       .name = "first",
                       .inputs = {1, 2, 3, 3},
                       .outputs = {4},
                       .params = StridedSliceParams{.shrink_axis_mask = 1}});
  graph.ops.push_back({.kind = OpKind::kPack, .name = "pack", .inputs = {4, 5}, .outputs = {6}, .params = AxisParams{}});
  graph.ops.push_back({.kind = OpKind::kReshape, .name = "reshape", .inputs = {0, 6}, .outputs = {7}, .params = {}});
  graph.outputs = {7};
  return graph;
}

TEST(KnownValues, a_new_shape_computed_from_the_inputs_shape_follows_the_batch) {
  EXPECT_EQ(infer(computed_reshape()).shape, (Shape{1, 6}));
  EXPECT_EQ(infer(computed_reshape(), 5).shape, (Shape{5, 6}));
  Graph graph = computed_reshape();
  ASSERT_TRUE(infer_shapes(graph).ok());
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).message();
}

/// new shape = op(shape of the input, operand) of one graph.
Outcome reshaped_by(OpKind kind, OpParams params, std::vector<Tensor> operands) {
  Graph graph = one_op_graph(OpKind::kShape, {}, {4, 6}, {});
  graph.tensor(1).type = DType::kInt32;
  Op op = {.kind = kind, .name = "compute", .inputs = {1}, .outputs = {}, .params = std::move(params)};
  for (Tensor& operand : operands) op.inputs.push_back(graph.add_tensor(std::move(operand)));
  op.outputs = {graph.add_tensor({.name = "new_shape", .type = DType::kInt32, .shape = {}})};
  graph.add_tensor(float_activation("reshaped", {}));
  graph.ops.push_back(op);
  graph.ops.push_back(
      {.kind = OpKind::kReshape, .name = "reshape", .inputs = {0, op.outputs[0]}, .outputs = {op.outputs[0] + 1}, .params = {}});
  graph.outputs = {op.outputs[0] + 1};
  return infer(graph);
}

TEST(KnownValues, slices_and_joins_of_shapes) {
  EXPECT_EQ(reshaped_by(OpKind::kConcatenation, AxisParams{}, {indices("ones", {1, 1})}).shape, (Shape{4, 6, 1, 1}));
  EXPECT_EQ(reshaped_by(OpKind::kStridedSlice, StridedSliceParams{.begin_mask = 1, .end_mask = 1},
                        {indices("b", {0}), indices("e", {0}), indices("s", {-1})})
                .shape,
            (Shape{6, 4}));
  EXPECT_THAT(reshaped_by(OpKind::kSlice, {}, {indices("b", {1}), indices("n", {1})}).message,
              HasSubstr("24 elements cannot take the new shape [6]"));
}

TEST(KnownValues, arithmetic_on_shapes) {
  using numeric::Activation;
  const auto by = [](OpKind kind, std::vector<int32_t> operand, Activation activation = Activation::kNone) {
    const OpParams params = kind == OpKind::kMaximum || kind == OpKind::kMinimum ? OpParams() : OpParams(ArithmeticParams{activation});
    const Shape shape = operand.size() == 1 ? Shape{} : Shape{static_cast<int32_t>(operand.size())};
    return reshaped_by(kind, params, {int32_constant("operand", shape, operand)});  // of [4,6]
  };
  EXPECT_EQ(by(OpKind::kAdd, {8, -4}).shape, (Shape{12, 2}));
  EXPECT_EQ(by(OpKind::kSub, {-4, 3}).shape, (Shape{8, 3}));
  EXPECT_EQ(by(OpKind::kMul, {1}).shape, (Shape{4, 6}));
  EXPECT_EQ(by(OpKind::kMaximum, {-1}).shape, (Shape{4, 6}));
  EXPECT_EQ(by(OpKind::kMinimum, {4, -1}).shape, (Shape{4, 6}));
  // A fused activation is a part of the operator: LiteRT cuts integers too.
  EXPECT_EQ(by(OpKind::kAdd, {0, 4}, Activation::kRelu6).message, by(OpKind::kAdd, {0, 0}).message);
  EXPECT_EQ(by(OpKind::kAdd, {0, 4}, Activation::kRelu6).shape, (Shape{4, 6}));
  EXPECT_EQ(by(OpKind::kSub, {0, 9}, Activation::kRelu).message, by(OpKind::kSub, {0, 6}).message);
  // A sum that 32 bits do not hold is no extent.
  EXPECT_THAT(by(OpKind::kMul, {1 << 30, 1}).message, HasSubstr("must follow from constants and shapes"));
  EXPECT_THAT(by(OpKind::kAdd, {INT32_MAX, 0}).message, HasSubstr("must follow from constants and shapes"));
}

TEST(KnownValues, one_value_meets_every_extent_on_either_side) {
  Graph graph;  // 12 - (12 - shape); the first tensor is a constant of 64 bits
  const TensorId twelve =
      graph.add_tensor({.name = "twelve", .type = DType::kInt64, .shape = {}, .role = Role::kConstant, .data = bytes_of<int64_t>({12})});
  const TensorId input = graph.add_tensor(float_activation("input", {8, 6}));
  const TensorId shape = graph.add_tensor({.name = "shape", .type = DType::kInt64, .shape = {}});
  const TensorId rest = graph.add_tensor({.name = "rest", .type = DType::kInt64, .shape = {}});
  const TensorId same = graph.add_tensor({.name = "same", .type = DType::kInt64, .shape = {}});
  const TensorId narrow = graph.add_tensor({.name = "narrow", .type = DType::kInt32, .shape = {}});
  const TensorId output = graph.add_tensor(float_activation("output", {}));
  graph.inputs = {input};
  graph.outputs = {output};
  graph.ops.push_back({.kind = OpKind::kShape, .name = "shape", .inputs = {input}, .outputs = {shape}, .params = {}});
  graph.ops.push_back({.kind = OpKind::kSub, .name = "rest", .inputs = {twelve, shape}, .outputs = {rest}, .params = ArithmeticParams{}});
  graph.ops.push_back({.kind = OpKind::kSub, .name = "same", .inputs = {twelve, rest}, .outputs = {same}, .params = ArithmeticParams{}});
  graph.ops.push_back({.kind = OpKind::kCast, .name = "cast", .inputs = {same}, .outputs = {narrow}, .params = {}});
  graph.ops.push_back({.kind = OpKind::kReshape, .name = "reshape", .inputs = {input, narrow}, .outputs = {output}, .params = {}});
  EXPECT_EQ(infer(graph).shape, (Shape{8, 6})) << infer(graph).message;
}

TEST(KnownValues, parts_and_types_of_shapes) {
  Graph graph = one_op_graph(OpKind::kShape, {}, {4, 6}, {});
  graph.tensor(1).type = DType::kInt64;
  const TensorId wide = 1, axis = graph.add_tensor(int32_constant("axis", {}, {0}));
  const TensorId narrow = graph.add_tensor({.name = "narrow", .type = DType::kInt32, .shape = {}});
  std::vector<TensorId> parts;
  for (const char* name : {"rows", "columns"}) parts.push_back(graph.add_tensor({.name = name, .type = DType::kInt32, .shape = {}}));
  const TensorId turned = graph.add_tensor({.name = "turned", .type = DType::kInt32, .shape = {}});
  const TensorId output = graph.add_tensor(float_activation("reshaped", {}));
  graph.ops.push_back({.kind = OpKind::kCast, .name = "cast", .inputs = {wide}, .outputs = {narrow}, .params = {}});
  graph.ops.push_back({.kind = OpKind::kSplit, .name = "split", .inputs = {axis, narrow}, .outputs = parts, .params = SplitParams{2}});
  graph.ops.push_back(
      {.kind = OpKind::kConcatenation, .name = "join", .inputs = {parts[1], parts[0]}, .outputs = {turned}, .params = AxisParams{}});
  graph.ops.push_back({.kind = OpKind::kReshape, .name = "reshape", .inputs = {0, turned}, .outputs = {output}, .params = {}});
  graph.outputs = {output};
  EXPECT_EQ(infer(graph).shape, (Shape{6, 4})) << infer(graph).message;
}

TEST(KnownValues, what_depends_on_data_is_unknown) {
  Graph graph = one_op_graph(OpKind::kReshape, {}, {4, 6}, {int32_constant("s", {2}, {6, 4})});
  graph.tensor(1).role = Role::kActivation;
  graph.tensor(1).data.clear();
  graph.inputs.push_back(1);
  EXPECT_THAT(infer(graph).message, HasSubstr("RESHAPE 'layer' (operator 0): input 1 (tensor 's') must follow from constants and shapes"));
}

TEST(StridedSlice, resolves_positions) {
  const std::vector<int32_t> begin = {-1, 1}, end = {0, 2}, strides = {-2, 1};
  const auto axes = resolve_strided_slice({7, 3}, {begin, end, strides}, {.shrink_axis_mask = 2});
  ASSERT_TRUE(axes.ok());
  ASSERT_EQ(axes->size(), 2u);
  EXPECT_EQ((*axes)[0].begin, 6);
  EXPECT_EQ((*axes)[0].step, -2);
  EXPECT_EQ((*axes)[0].count, 3);  // 6, 4, 2
  EXPECT_EQ((*axes)[1].begin, 1);
  EXPECT_FALSE((*axes)[1].kept);
}

}  // namespace
}  // namespace liteqat::graph
