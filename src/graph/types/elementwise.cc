#include "graph/types/types.h"

namespace liteqat::graph::types {

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

}  // namespace liteqat::graph::types
