#include "graph/types/types.h"

namespace liteqat::graph::types {
namespace {

/// Where the operands of a weighted operator stand; the weights are input 1.
struct Operands {
  size_t x = 0, bias = 2;
};

Operands operands_of(OpKind kind) {
  return kind == OpKind::kTransposeConv ? Operands{.x = 2, .bias = 3} : Operands{};
}

/// Types of input (and output), weights and bias; the bias may be absent.
struct Signature {
  DType activations, weights, bias;
};
constexpr Signature kSignatures[] = {
    {DType::kFloat32, DType::kFloat32, DType::kFloat32}, {DType::kFloat32, DType::kInt8, DType::kFloat32},
    {DType::kInt8, DType::kInt8, DType::kInt32},         {DType::kUInt8, DType::kUInt8, DType::kInt32},
    {DType::kInt16, DType::kInt8, DType::kInt64},        {DType::kInt16, DType::kInt8, DType::kInt32},
};

bool accepts(const OpView& view, const Operands& operands, const Signature& signature) {
  const bool hybrid = signature.activations != signature.weights && signature.activations == DType::kFloat32;
  if (hybrid && view.op.kind == OpKind::kTransposeConv) return false;
  const bool narrow = signature.activations == DType::kInt16 && signature.bias == DType::kInt32;
  if (narrow && (view.op.kind == OpKind::kDepthwiseConv2D || !view.has_input(operands.bias))) return false;
  return view.input(operands.x).type == signature.activations && view.output().type == signature.activations &&
         view.input(1).type == signature.weights && (!view.has_input(operands.bias) || view.input(operands.bias).type == signature.bias);
}

Status require_one_scale(const OpView& view, const Tensor& tensor) {
  if (tensor.type == DType::kFloat32 || tensor.quantization.scale.size() == 1) return {};
  return error(Code::kMismatch, "{}: tensor '{}' of type {} must have one scale and zero point, found {}", view.where, tensor.name,
               dtype_name(tensor.type), tensor.quantization.scale.size());
}

/// Scales per output channel or one for all; zero points only where TFLite's kernels read them.
Status check_quantized_weights(const OpView& view) {
  const Tensor& weights = view.input(1);
  const Quantization& quantization = weights.quantization;
  if (quantization.empty()) {
    return error(Code::kMismatch, "{}: its {} weights '{}' have no scale", view.where, dtype_name(weights.type), weights.name);
  }
  const int32_t channel_axis = view.op.kind == OpKind::kDepthwiseConv2D ? 3 : 0;
  if (quantization.per_channel() && (quantization.axis != channel_axis || weights.type == DType::kUInt8)) {
    return error(Code::kUnsupported, "{}: its {} weights '{}' are quantized along axis {}, expected {}", view.where,
                 dtype_name(weights.type), weights.name, quantization.axis,
                 weights.type == DType::kUInt8 ? std::string("one scale") : format("{} (output channels)", channel_axis));
  }
  const bool any_zero_point = weights.type == DType::kUInt8 || (view.op.kind == OpKind::kFullyConnected &&
                                                                view.input(0).type == DType::kInt8 && !quantization.per_channel());
  for (int64_t zero_point : quantization.zero_point) {
    if (zero_point != 0 && !any_zero_point) {
      return error(Code::kUnsupported, "{}: its weights '{}' have zero point {}, expected 0", view.where, weights.name, zero_point);
    }
  }
  return {};
}

}  // namespace

Status check_weighted(const OpView& view) {
  const Operands operands = operands_of(view.op.kind);
  bool accepted = false;
  for (const Signature& signature : kSignatures) accepted = accepted || accepts(view, operands, signature);
  if (!accepted) {
    return unsupported_types(view,
                             "float32 throughout; float32 with int8 weights; int8 or uint8 with an int32 bias; "
                             "or int16 with int8 weights and an int64 (or int32) bias");
  }
  if (view.input(1).type == DType::kFloat32) return {};
  LITEQAT_RETURN_IF_ERROR(require_one_scale(view, view.input(operands.x)));
  LITEQAT_RETURN_IF_ERROR(require_one_scale(view, view.output()));
  return check_quantized_weights(view);
}

}  // namespace liteqat::graph::types
