// Operators that move data inside whole graphs: several outputs, steps that work in place, shapes that are computed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "runtime/interpreter.h"

namespace liteqat::runtime {
namespace {

using graph::DType;
using graph::Graph;
using graph::OpKind;
using graph::Shape;
using graph::TensorId;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

TensorId add_activation(Graph& graph, const std::string& name, const Shape& shape, DType type = DType::kFloat32) {
  return graph.add_tensor({.name = name, .type = type, .shape = shape});
}

template <typename T>
TensorId add_constant(Graph& graph, const std::string& name, DType type, const Shape& shape, const std::vector<T>& values) {
  graph::Tensor tensor = {.name = name, .type = type, .shape = shape, .role = graph::Role::kConstant};
  tensor.data.resize(values.size() * sizeof(T));
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return graph.add_tensor(std::move(tensor));
}

TensorId add_indices(Graph& graph, const std::string& name, const std::vector<int32_t>& values) {
  return add_constant(graph, name, DType::kInt32, {static_cast<int32_t>(values.size())}, values);
}

void add_op(Graph& graph, OpKind kind, std::vector<TensorId> inputs, std::vector<TensorId> outputs, graph::OpParams params = {}) {
  const std::string name = graph.tensor(outputs[0]).name;
  graph.ops.push_back(
      {.kind = kind, .name = name, .inputs = std::move(inputs), .outputs = std::move(outputs), .params = std::move(params)});
}

Interpreter prepared(const Graph& graph, const Options& options = {}) {
  auto interpreter = Interpreter::prepare(graph, options);
  LITEQAT_CHECK(interpreter.ok());
  return std::move(interpreter).value();
}

void set_input(Interpreter& interpreter, size_t index, const std::vector<float>& values) {
  LITEQAT_CHECK(interpreter.input(index).size() == values.size() * sizeof(float));
  std::memcpy(interpreter.input(index).data(), values.data(), values.size() * sizeof(float));
}

std::vector<float> output_of(const Interpreter& interpreter, size_t index) {
  const auto bytes = interpreter.output(index);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

std::vector<float> counted(size_t count, float first = 0) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

TEST(LayoutSteps, ResultsInPlaceAndTheirSourcesAreBothOutputs) {
  Graph graph;
  const TensorId x = add_activation(graph, "x", {1, 2, 3}), rows = add_activation(graph, "rows", {1, 6});
  const TensorId flat = add_activation(graph, "flat", {6}), tall = add_activation(graph, "tall", {6, 1});
  const TensorId doubled = add_activation(graph, "doubled", {6, 1});
  add_op(graph, OpKind::kReshape, {x, add_indices(graph, "shape", {1, 6})}, {rows});
  add_op(graph, OpKind::kSqueeze, {rows}, {flat}, graph::SqueezeParams{});
  add_op(graph, OpKind::kExpandDims, {flat, add_constant<int32_t>(graph, "axis", DType::kInt32, {}, {-1})}, {tall});
  add_op(graph, OpKind::kAdd, {tall, tall}, {doubled}, graph::ArithmeticParams{});
  graph.inputs = {x};
  graph.outputs = {x, rows, flat, tall, doubled, x};
  Interpreter interpreter = prepared(graph);
  for (int run = 0; run < 2; ++run) {
    const std::vector<float> values = counted(6, static_cast<float>(10 * run));
    set_input(interpreter, 0, values);
    interpreter.invoke();
    for (size_t output : {0, 1, 2, 3, 5}) EXPECT_THAT(output_of(interpreter, output), ElementsAreArray(values)) << "output " << output;
    for (size_t elem = 0; elem < 6; ++elem) EXPECT_EQ(output_of(interpreter, 4)[elem], 2 * values[elem]);
  }
}

TEST(LayoutSteps, SeveralInputsOutputsAndAConstantOne) {
  Graph graph;
  const TensorId x = add_activation(graph, "x", {2, 4}), y = add_activation(graph, "y", {2, 2});
  const TensorId left = add_activation(graph, "left", {2, 2}), right = add_activation(graph, "right", {2, 2});
  const TensorId packed = add_activation(graph, "packed", {2, 2, 2});
  const TensorId constant = add_constant<float>(graph, "constant", DType::kFloat32, {2}, {7, 8});
  const TensorId moved = add_activation(graph, "moved", {2, 1});
  add_op(graph, OpKind::kSplit, {add_constant<int32_t>(graph, "axis", DType::kInt32, {}, {1}), x}, {left, right}, graph::SplitParams{2});
  add_op(graph, OpKind::kPack, {right, y}, {packed}, graph::AxisParams{.axis = 1});
  add_op(graph, OpKind::kReshape, {constant, add_indices(graph, "shape", {2, 1})}, {moved});
  graph.inputs = {x, y};
  graph.outputs = {packed, left, constant, moved};
  Interpreter interpreter = prepared(graph, {.batch = 2});
  set_input(interpreter, 0, counted(8));
  set_input(interpreter, 1, counted(4, 100));
  interpreter.invoke();
  EXPECT_THAT(output_of(interpreter, 0), ElementsAre(2, 3, 100, 101, 6, 7, 102, 103));
  EXPECT_THAT(output_of(interpreter, 1), ElementsAre(0, 1, 4, 5));
  EXPECT_THAT(output_of(interpreter, 2), ElementsAre(7, 8));
  EXPECT_THAT(output_of(interpreter, 3), ElementsAre(7, 8));
}

/// x [1,2,3] -> TRANSPOSE -> [1,3,2] -> RESHAPE to [first extent of x, 6], the new shape computed by SHAPE, STRIDED_SLICE and PACK, or
/// constant [1,6].
Graph reshaped(bool computed) {
  Graph graph;
  const TensorId x = add_activation(graph, "x", {1, 2, 3}), turned = add_activation(graph, "turned", {1, 3, 2});
  const TensorId y = add_activation(graph, "y", {1, 6});
  add_op(graph, OpKind::kTranspose, {x, add_indices(graph, "permutation", {0, 2, 1})}, {turned});
  TensorId shape = graph::kNoTensor;
  if (computed) {
    const TensorId whole = add_activation(graph, "whole", {3}, DType::kInt32), first = add_activation(graph, "first", {}, DType::kInt32);
    const TensorId zero = add_indices(graph, "zero", {0}), one = add_indices(graph, "one", {1});
    add_op(graph, OpKind::kShape, {x}, {whole});
    add_op(graph, OpKind::kStridedSlice, {whole, zero, one, one}, {first}, graph::StridedSliceParams{.shrink_axis_mask = 1});
    shape = add_activation(graph, "new_shape", {2}, DType::kInt32);
    add_op(graph, OpKind::kPack, {first, add_constant<int32_t>(graph, "six", DType::kInt32, {}, {6})}, {shape}, graph::AxisParams{});
  } else {
    shape = add_indices(graph, "new_shape", {1, 6});
  }
  add_op(graph, OpKind::kReshape, {turned, shape}, {y});
  graph.inputs = {x};
  graph.outputs = {y};
  return graph;
}

TEST(LayoutSteps, ABatchPassesThroughComputedAndConstantNewShapes) {
  for (bool computed : {false, true}) {
    const Graph graph = reshaped(computed);
    Interpreter single = prepared(graph), batch = prepared(graph, {.batch = 3});
    EXPECT_EQ(batch.output_tensor(0).shape, (Shape{3, 6}));
    EXPECT_EQ(batch.steps().size(), 2u) << "what depends on shapes alone is computed in prepare";
    set_input(batch, 0, counted(18));
    batch.invoke();
    std::vector<float> one_by_one;
    for (size_t image = 0; image < 3; ++image) {
      set_input(single, 0, counted(6, static_cast<float>(6 * image)));
      single.invoke();
      std::ranges::copy(output_of(single, 0), std::back_inserter(one_by_one));
    }
    EXPECT_EQ(output_of(batch, 0), one_by_one) << "computed " << computed;
    EXPECT_THAT(output_of(single, 0), ElementsAre(12, 15, 13, 16, 14, 17));
  }
}

TEST(LayoutSteps, ThreadsDoNotChangeWhatIsMoved) {
  Graph graph;
  const TensorId x = add_activation(graph, "x", {1, 120, 70, 9}), padded = add_activation(graph, "padded", {1, 123, 70, 9});
  const TensorId y = add_activation(graph, "y", {1, 9, 70, 123});
  const TensorId value = add_constant<float>(graph, "value", DType::kFloat32, {}, {-5});
  const TensorId paddings = add_constant<int32_t>(graph, "paddings", DType::kInt32, {4, 2}, {0, 0, 1, 2, 0, 0, 0, 0});
  add_op(graph, OpKind::kPadV2, {x, paddings, value}, {padded});
  add_op(graph, OpKind::kTranspose, {padded, add_indices(graph, "permutation", {0, 3, 2, 1})}, {y});
  graph.inputs = {x};
  graph.outputs = {y};
  Interpreter one = prepared(graph), many = prepared(graph, {.threads = 4});
  for (Interpreter* interpreter : {&one, &many}) {
    set_input(*interpreter, 0, counted(120 * 70 * 9));
    interpreter->invoke();
  }
  EXPECT_EQ(output_of(one, 0), output_of(many, 0));
  EXPECT_EQ(output_of(one, 0)[0], -5);
  EXPECT_EQ(output_of(one, 0)[1], 0);
  EXPECT_EQ(output_of(one, 0)[123], -5);
  EXPECT_EQ(output_of(one, 0)[124], 9);
}

TEST(LayoutSteps, StoredShapesKeepABatchThatInputsDoNotShare) {
  Graph graph;
  const TensorId x = add_activation(graph, "x", {2, 3}), y = add_activation(graph, "y", {1, 3}), all = add_activation(graph, "all", {3, 3});
  add_op(graph, OpKind::kConcatenation, {x, y}, {all}, graph::AxisParams{});
  graph.inputs = {x, y};
  graph.outputs = {all};
  Interpreter interpreter = prepared(graph, {.stored_shapes = true});
  EXPECT_EQ(interpreter.batch(), 2);
  set_input(interpreter, 0, counted(6));
  set_input(interpreter, 1, counted(3, 6));
  interpreter.invoke();
  EXPECT_THAT(output_of(interpreter, 0), ElementsAreArray(counted(9)));
}

TEST(LayoutSteps, RefusedBeforeListsOfPositionsAreMade) {
  const auto message = [](const Graph& graph) { return Interpreter::prepare(graph, {.stored_shapes = true}).status().message(); };
  Graph graph;
  const TensorId x = add_activation(graph, "x", {1}), y = add_activation(graph, "y", {1 << 25});
  add_op(graph, OpKind::kPadV2,
         {x, add_constant<int32_t>(graph, "paddings", DType::kInt32, {1, 2}, {0, (1 << 25) - 1}),
          add_constant<float>(graph, "value", DType::kFloat32, {}, {0})},
         {y});
  graph.inputs = {x};
  graph.outputs = {y};
  EXPECT_THAT(message(graph), HasSubstr("PADV2 'y' (operator 0): its output [33554432] has an axis of more than 16777216 positions"));
  Graph deep;
  const TensorId a = add_activation(deep, "a", Shape(9, 1)), b = add_activation(deep, "b", Shape(9, 1));
  add_op(deep, OpKind::kTranspose, {a, add_indices(deep, "permutation", {0, 1, 2, 3, 4, 5, 6, 8, 7})}, {b});
  deep.inputs = {a};
  deep.outputs = {b};
  EXPECT_THAT(message(deep), HasSubstr("its tensors have up to 9 axes, at most 8 are supported"));
}

}  // namespace
}  // namespace liteqat::runtime
