#include <string>

#include "graph/rules.h"

namespace liteqat::graph {
namespace {

/// One operator and the start of its messages.
struct OpView {
  const Graph& graph;
  const Op& op;
  std::string where;

  bool has_input(size_t position) const { return position < op.inputs.size() && op.inputs[position] != kNoTensor; }
  const Tensor& input(size_t position) const { return graph.tensor(op.inputs[position]); }
  const Tensor& output() const { return graph.tensor(op.outputs[0]); }
};

Status unsupported_types(const OpView& view, const char* supported) {
  std::string found;
  for (size_t position = 0; position < view.op.inputs.size(); ++position) {
    if (view.has_input(position)) found += format("{}{}", found.empty() ? "" : ", ", dtype_name(view.input(position).type));
  }
  return error(Code::kUnsupported, "{}: element types ({}) -> {} are not supported, expected {}", view.where, found,
               dtype_name(view.output().type), supported);
}

/// An integer tensor that an operator computes with has one scale.
Status require_per_tensor(const OpView& view, const Tensor& tensor) {
  if (tensor.type != DType::kInt8 && tensor.type != DType::kUInt8) return {};
  if (tensor.quantization.scale.size() == 1) return {};
  return error(Code::kMismatch, "{}: tensor '{}' of type {} must have one scale and zero point, found {}", view.where, tensor.name,
               dtype_name(tensor.type), tensor.quantization.scale.size());
}

/// Weights of int8 operators: constant, symmetric, one scale or one per output channel.
Status check_quantized_weights(const OpView& view) {
  const Tensor& weights = view.input(1);
  const int32_t channel_axis = view.op.kind == OpKind::kDepthwiseConv2D ? 3 : 0;
  if (!weights.constant()) return error(Code::kUnsupported, "{}: its int8 weights '{}' must be constant", view.where, weights.name);
  if (view.has_input(2) && !view.input(2).constant()) {
    return error(Code::kUnsupported, "{}: its int32 bias '{}' must be constant", view.where, view.input(2).name);
  }
  if (weights.quantization.empty()) {
    return error(Code::kMismatch, "{}: its int8 weights '{}' have no scale", view.where, weights.name);
  }
  if (weights.quantization.per_channel() && weights.quantization.axis != channel_axis) {
    return error(Code::kUnsupported, "{}: its weights '{}' are quantized along axis {}, expected {} (output channels)", view.where,
                 weights.name, weights.quantization.axis, channel_axis);
  }
  for (int64_t zero_point : weights.quantization.zero_point) {
    if (zero_point != 0) {
      return error(Code::kUnsupported, "{}: its weights '{}' have zero point {}, expected 0", view.where, weights.name, zero_point);
    }
  }
  return {};
}

Status check_weighted(const OpView& view) {
  const DType x = view.input(0).type, w = view.input(1).type, y = view.output().type;
  const bool has_bias = view.has_input(2);
  if (x == DType::kFloat32 && w == DType::kFloat32 && y == DType::kFloat32 && (!has_bias || view.input(2).type == DType::kFloat32))
    return {};
  if (x != DType::kInt8 || w != DType::kInt8 || y != DType::kInt8 || (has_bias && view.input(2).type != DType::kInt32)) {
    return unsupported_types(view, "float32 throughout, or int8 input, weights and output with an int32 bias");
  }
  LITEQAT_RETURN_IF_ERROR(require_per_tensor(view, view.input(0)));
  LITEQAT_RETURN_IF_ERROR(require_per_tensor(view, view.output()));
  return check_quantized_weights(view);
}

/// All data inputs and the output of one type, float32 or int8.
Status check_uniform(const OpView& view, size_t data_inputs) {
  const DType type = view.output().type;
  bool uniform = type == DType::kFloat32 || type == DType::kInt8;
  for (size_t position = 0; position < data_inputs; ++position) uniform = uniform && view.input(position).type == type;
  if (!uniform) return unsupported_types(view, "float32 throughout or int8 throughout");
  for (size_t position = 0; position < data_inputs; ++position) LITEQAT_RETURN_IF_ERROR(require_per_tensor(view, view.input(position)));
  return require_per_tensor(view, view.output());
}

Status check_quantize(const OpView& view) {
  const DType from = view.input(0).type, to = view.output().type;
  const bool from_ok = from == DType::kFloat32 || from == DType::kInt8 || from == DType::kUInt8;
  if (!from_ok || (to != DType::kInt8 && to != DType::kUInt8) || (from == DType::kUInt8 && to == DType::kUInt8)) {
    return unsupported_types(view, "float32 to int8 or uint8, int8 to int8 or uint8, or uint8 to int8");
  }
  LITEQAT_RETURN_IF_ERROR(require_per_tensor(view, view.input(0)));
  return require_per_tensor(view, view.output());
}

Status check_dequantize(const OpView& view) {
  const DType from = view.input(0).type;
  if (view.output().type != DType::kFloat32 || (from != DType::kInt8 && from != DType::kUInt8 && from != DType::kFloat16)) {
    return unsupported_types(view, "int8, uint8 or float16 to float32");
  }
  return require_per_tensor(view, view.input(0));
}

Status check_batch_norm(const OpView& view) {
  for (size_t position = 0; position < 5; ++position) {
    if (view.input(position).type != DType::kFloat32) return unsupported_types(view, "float32 throughout");
  }
  for (size_t position = 1; position < 5; ++position) {
    if (!view.input(position).constant()) {
      return error(Code::kUnsupported, "{}: input {} ('{}') must be a stored parameter or statistic", view.where, position,
                   view.input(position).name);
    }
  }
  return view.output().type == DType::kFloat32 ? Status() : unsupported_types(view, "float32 throughout");
}

Status check_op_types(const OpView& view) {
  switch (view.op.kind) {
    case OpKind::kConv2D:
    case OpKind::kDepthwiseConv2D:
    case OpKind::kFullyConnected:
      return check_weighted(view);
    case OpKind::kBatchNorm:
      return check_batch_norm(view);
    case OpKind::kAdd:
      return check_uniform(view, 2);
    case OpKind::kQuantize:
      return check_quantize(view);
    case OpKind::kDequantize:
      return check_dequantize(view);
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kSoftmax:
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
    case OpKind::kMean:
    case OpKind::kPad:
    case OpKind::kReshape:
      return check_uniform(view, 1);
  }
  return error(Code::kUnsupported, "{}: unknown operator kind", view.where);
}

}  // namespace

Status check_types(const Graph& graph) {
  for (size_t op_index = 0; op_index < graph.ops.size(); ++op_index) {
    LITEQAT_RETURN_IF_ERROR(check_op_types({graph, graph.ops[op_index], op_text(graph, op_index)}));
  }
  return {};
}

}  // namespace liteqat::graph
