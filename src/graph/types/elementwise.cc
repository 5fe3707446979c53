#include <algorithm>
#include <initializer_list>

#include "graph/types/types.h"

namespace liteqat::graph::types {
namespace {

/// Codes that an operator computes with: one scale and zero point.
Status require_scale(const OpView& view, const Tensor& tensor) {
  if (tensor.quantization.scale.size() == 1) return {};
  return error(Code::kMismatch, "{}: tensor '{}' of type {} must have one scale and zero point, found {}", view.where, tensor.name,
               dtype_name(tensor.type), tensor.quantization.scale.size());
}

Status require_scales(const OpView& view) {
  for (size_t position = 0; position < view.op.inputs.size(); ++position) {
    LITEQAT_RETURN_IF_ERROR(require_scale(view, view.input(position)));
  }
  return require_scale(view, view.output());
}

bool all_of_one_type(const OpView& view) {
  return std::ranges::all_of(view.op.inputs, [&](TensorId id) { return view.graph.tensor(id).type == view.output().type; });
}

bool without_scales(const OpView& view) {
  return view.output().quantization.empty() &&
         std::ranges::all_of(view.op.inputs, [&](TensorId id) { return view.graph.tensor(id).quantization.empty(); });
}

struct UnaryTypes {
  OpKind kind;
  bool uint8, int16;  // besides float32 and int8
};
constexpr UnaryTypes kUnaryTypes[] = {
    {OpKind::kRelu, true, true},
    {OpKind::kRelu6, true, true},
    {OpKind::kReluN1To1, true, false},
    {OpKind::kLeakyRelu, true, true},
    {OpKind::kElu, false, false},
    {OpKind::kHardSwish, true, false},
    {OpKind::kLogistic, true, true},
    {OpKind::kTanh, true, true},
    {OpKind::kSoftmax, true, true},
    {OpKind::kLogSoftmax, true, false},
    {OpKind::kL2Normalization, true, false},
};

}  // namespace

Status check_binary(const OpView& view) {
  const DType type = view.output().type;
  const bool extremum = view.op.kind == OpKind::kMaximum || view.op.kind == OpKind::kMinimum;
  if (!all_of_one_type(view) || type == DType::kFloat16 || type == DType::kBool) {
    return unsupported_types(view, "float32, int8, uint8, int16, int32 or int64 throughout");
  }
  if (extremum || !is_quantized_type(type)) return {};
  const bool plain_int16 = type == DType::kInt16 && view.op.kind != OpKind::kSub && without_scales(view);
  return plain_int16 ? Status() : require_scales(view);
}

Status check_prelu(const OpView& view) {
  const DType x = view.input(0).type, alpha = view.input(1).type;
  const bool int16_by_int8 = x == DType::kInt16 && alpha == DType::kInt8 && view.output().type == x;
  const bool uniform = all_of_one_type(view) && (x == DType::kFloat32 || x == DType::kInt8 || x == DType::kUInt8);
  if (!uniform && !int16_by_int8) return unsupported_types(view, "float32, int8 or uint8 throughout, or int16 with an int8 alpha");
  return x == DType::kFloat32 ? Status() : require_scales(view);
}

Status check_unary(const OpView& view) {
  const UnaryTypes& types = *std::ranges::find(kUnaryTypes, view.op.kind, &UnaryTypes::kind);
  const DType type = view.output().type;
  const bool known =
      type == DType::kFloat32 || type == DType::kInt8 || (type == DType::kUInt8 && types.uint8) || (type == DType::kInt16 && types.int16);
  if (!known || !all_of_one_type(view)) {
    return unsupported_types(view, types.int16   ? "float32, int8, uint8 or int16 throughout"
                                   : types.uint8 ? "float32, int8 or uint8 throughout"
                                                 : "float32 or int8 throughout");
  }
  return type == DType::kFloat32 ? Status() : require_scales(view);
}

Status check_quantize(const OpView& view) {
  const DType from = view.input(0).type, to = view.output().type;
  if (from == DType::kFloat32 && is_quantized_type(to)) {
    return view.output().quantization.per_channel() ? Status() : require_scale(view, view.output());
  }
  const bool from_byte = (from == DType::kInt8 || from == DType::kUInt8) && is_quantized_type(to);
  const bool from_int16 = from == DType::kInt16 && (to == DType::kInt8 || to == DType::kInt16 || to == DType::kInt32);
  const bool from_int32 = from == DType::kInt32 && (to == DType::kInt8 || to == DType::kInt16);
  if (!from_byte && !from_int16 && !from_int32) {
    return unsupported_types(view,
                             "float32, int8 or uint8 to int8, uint8 or int16, int16 to int8, int16 or int32, or int32 to int8 or int16");
  }
  return require_scales(view);
}

Status check_dequantize(const OpView& view) {
  const Tensor& x = view.input(0);
  if (view.output().type != DType::kFloat32 || (!is_quantized_type(x.type) && x.type != DType::kFloat16)) {
    return unsupported_types(view, "int8, uint8, int16 or float16 to float32");
  }
  const bool per_channel = x.quantization.per_channel() && x.type != DType::kInt16;
  return x.type == DType::kFloat16 || per_channel ? Status() : require_scale(view, x);
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

}  // namespace liteqat::graph::types
