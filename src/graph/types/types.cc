#include "graph/types/types.h"

namespace liteqat::graph::types {

bool is_quantized_type(DType type) {
  return type == DType::kInt8 || type == DType::kUInt8 || type == DType::kInt16;
}

Status unsupported_types(const OpView& view, const char* supported) {
  std::string found;
  for (size_t position = 0; position < view.op.inputs.size(); ++position) {
    if (view.has_input(position)) found += format("{}{}", found.empty() ? "" : ", ", dtype_name(view.input(position).type));
  }
  return error(Code::kUnsupported, "{}: element types ({}) -> {} are not supported, expected {}", view.where, found,
               dtype_name(view.output().type), supported);
}

Status require_per_tensor(const OpView& view, const Tensor& tensor) {
  if (!is_quantized_type(tensor.type) || tensor.quantization.scale.size() == 1) return {};
  return error(Code::kMismatch, "{}: tensor '{}' of type {} must have one scale and zero point, found {}", view.where, tensor.name,
               dtype_name(tensor.type), tensor.quantization.scale.size());
}

}  // namespace liteqat::graph::types
