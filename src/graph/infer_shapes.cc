#include "base/checked.h"
#include "graph/op_rules.h"
#include "graph/rules.h"
#include "graph/shapes/shapes.h"

namespace liteqat::graph {
namespace {

using shapes::OpView;

/// The shape of the only output of an operator that moves, reduces or resizes.
Result<Shape> moved_shape(const OpView& view) {
  switch (view.op.kind) {
    case OpKind::kMean:
    case OpKind::kSum:
    case OpKind::kReduceMax:
      return shapes::reduction(view);
    case OpKind::kArgMax:
      return shapes::arg_max(view);
    case OpKind::kPad:
      return shapes::pad(view);
    case OpKind::kPadV2:
      return shapes::pad_with_value(view);
    case OpKind::kMirrorPad:
      return shapes::mirror_pad(view);
    case OpKind::kReshape:
      return shapes::reshape(view);
    case OpKind::kSqueeze:
      return shapes::squeeze(view);
    case OpKind::kExpandDims:
      return shapes::expand_dims(view);
    case OpKind::kTranspose:
      return shapes::transpose(view);
    case OpKind::kConcatenation:
      return shapes::concatenation(view);
    case OpKind::kPack:
      return shapes::pack(view);
    case OpKind::kSlice:
      return shapes::slice(view);
    case OpKind::kStridedSlice:
      return shapes::strided_slice(view);
    case OpKind::kShape:
      return shapes::shape_of(view);
    case OpKind::kDepthToSpace:
      return shapes::depth_to_space(view);
    case OpKind::kSpaceToBatchNd:
      return shapes::space_to_batch_nd(view);
    case OpKind::kBatchToSpaceNd:
      return shapes::batch_to_space_nd(view);
    case OpKind::kResizeBilinear:
    case OpKind::kResizeNearestNeighbor:
      return shapes::resize(view);
    default:
      return error(Code::kUnsupported, "this operator is not implemented");
  }
}

/// The shape of the only output.
Result<Shape> output_shape(const OpView& view) {
  switch (view.op.kind) {
    case OpKind::kConv2D:
      return shapes::conv2d(view);
    case OpKind::kDepthwiseConv2D:
      return shapes::depthwise_conv2d(view);
    case OpKind::kTransposeConv:
      return shapes::transpose_conv(view);
    case OpKind::kFullyConnected:
      return shapes::fully_connected(view);
    case OpKind::kBatchNorm:
      return shapes::batch_norm(view);
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kMaximum:
    case OpKind::kMinimum:
      return shapes::broadcast(view);
    case OpKind::kPrelu:
      return shapes::broadcast_to_input(view);
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
      return shapes::pool(view);
    case OpKind::kSoftmax:
    case OpKind::kLogSoftmax:
    case OpKind::kL2Normalization:
      return shapes::rows(view);
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kReluN1To1:
    case OpKind::kLeakyRelu:
    case OpKind::kElu:
    case OpKind::kHardSwish:
    case OpKind::kLogistic:
    case OpKind::kTanh:
    case OpKind::kQuantize:
    case OpKind::kDequantize:
    case OpKind::kCast:
      return shapes::same_as_input(view);
    default:
      return moved_shape(view);
  }
}

/// Operators have one output but for SPLIT.
Result<std::vector<Shape>> output_shapes(const OpView& view) {
  if (view.op.kind == OpKind::kSplit) return shapes::split(view);
  LITEQAT_ASSIGN_OR_RETURN(Shape only, output_shape(view));
  return std::vector<Shape>{std::move(only)};
}

/// Shapes follow from the values of index inputs, so these must be known.
Status check_index_values(const OpView& view) {
  const OpRule* rule = find_op_rule(view.op.kind);
  for (size_t position = 0; rule != nullptr && position < view.op.inputs.size(); ++position) {
    if (!rule->is_index_input(position)) continue;
    const Tensor& tensor = view.graph.tensor(view.op.inputs[position]);
    LITEQAT_RETURN_IF_ERROR(shapes::checked_elems(tensor.shape).status());
    if (view.values.find(view.op.inputs[position])) continue;
    if (!tensor.constant()) {
      return error(Code::kUnsupported,
                   "input {} (tensor '{}') must follow from constants and shapes; one computed from data is not supported", position,
                   tensor.name);
    }
    return error(Code::kMismatch, "constant '{}' of shape {} holds {} bytes", tensor.name, shape_text(tensor.shape), tensor.data.size());
  }
  return {};
}

Result<std::vector<Shape>> checked_output_shapes(const OpView& view) {
  LITEQAT_RETURN_IF_ERROR(check_index_values(view));
  LITEQAT_ASSIGN_OR_RETURN(std::vector<Shape> outputs, output_shapes(view));
  for (const Shape& shape : outputs) {
    LITEQAT_ASSIGN_OR_RETURN(const int64_t elems, shapes::checked_elems(shape));
    if (elems < 1 || !checked_mul(elems, sizeof(int64_t))) {
      return error(Code::kOutOfRange, "its output would have shape {}", shape_text(shape));
    }
  }
  return outputs;
}

/// Extent 0 of the inputs that have a batch axis: the first one with two axes or more, and those like it whose extent 0 is the same.
Status set_batch(const Graph& graph, int32_t batch, std::vector<Shape>& shapes) {
  constexpr size_t kLeastAxes = 2;  // a scalar or a vector is a parameter of the model, not a row of images
  int32_t stored = 0;
  for (TensorId id : graph.inputs) {
    Shape& shape = shapes[static_cast<size_t>(id)];
    if (shape.size() < kLeastAxes) continue;
    if (stored == 0) stored = shape[0];
    if (shape[0] == stored) shape[0] = batch;
  }
  if (stored != 0 || batch == 1) return {};
  return error(Code::kInvalidArgument, "the batch is {}, but no input has a batch axis: that is extent 0 of inputs with two axes or more",
               batch);
}

}  // namespace

Result<std::vector<Shape>> compute_output_shapes(const Graph& graph, const Op& op, const std::vector<Shape>& known) {
  const KnownValues values(graph);
  return checked_output_shapes({graph, op, known, values});
}

Result<std::vector<Shape>> compute_shapes(const Graph& graph, int32_t batch) {
  std::vector<Shape> shapes;
  shapes.reserve(graph.tensors.size());
  for (const Tensor& tensor : graph.tensors) shapes.push_back(tensor.shape);
  if (batch > 0) LITEQAT_RETURN_IF_ERROR(set_batch(graph, batch, shapes));
  for (TensorId id : graph.inputs) {
    const Shape& shape = shapes[static_cast<size_t>(id)];
    const auto elems = checked_product(std::span<const int32_t>(shape));
    if (!elems || *elems < 1 || !checked_mul(*elems, sizeof(int64_t))) {
      return error(Code::kOutOfRange, "graph input '{}' has shape {}: every extent must be at least 1", graph.tensor(id).name,
                   shape_text(shape));
    }
  }
  KnownValues values(graph);
  for (size_t op_index = 0; op_index < graph.ops.size(); ++op_index) {
    const Op& op = graph.ops[op_index];
    auto outputs = checked_output_shapes({graph, op, shapes, values});
    if (!outputs.ok()) return outputs.status().with_context(op_text(graph, op_index));
    for (size_t position = 0; position < op.outputs.size(); ++position) {
      shapes[static_cast<size_t>(op.outputs[position])] = std::move(outputs.value()[position]);
    }
    values.learn(op, shapes);
  }
  return shapes;
}

Result<TensorId> append_op(Graph& graph, Op op, const std::string& output_name) {
  std::vector<Shape> known;
  for (const Tensor& tensor : graph.tensors) known.push_back(tensor.shape);
  auto shapes = compute_output_shapes(graph, op, known);
  if (!shapes.ok()) {
    return shapes.status().with_context(format("{} '{}' (operator {})", op_kind_name(op.kind), op.name, graph.ops.size()));
  }
  const TensorId output = graph.add_tensor({.name = output_name, .shape = std::move(shapes.value()[0])});
  op.outputs = {output};
  graph.ops.push_back(std::move(op));
  return output;
}

Status infer_shapes(Graph& graph, int32_t batch) {
  if (batch < 0) return error(Code::kInvalidArgument, "the batch must not be negative, found {}", batch);
  LITEQAT_RETURN_IF_ERROR(check_structure(graph));
  LITEQAT_ASSIGN_OR_RETURN(std::vector<Shape> shapes, compute_shapes(graph, batch));
  for (size_t id = 0; id < shapes.size(); ++id) graph.tensors[id].shape = std::move(shapes[id]);
  return {};
}

}  // namespace liteqat::graph
