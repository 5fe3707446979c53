#include "graph/types/types.h"

namespace liteqat::graph::types {
namespace {

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

}  // namespace

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

}  // namespace liteqat::graph::types
