#include "graph/types/types.h"

namespace liteqat::graph::types {

Status unsupported_types(const OpView& view, const char* supported) {
  std::string found;
  for (size_t position = 0; position < view.op.inputs.size(); ++position) {
    if (view.has_input(position)) found += format("{}{}", found.empty() ? "" : ", ", dtype_name(view.input(position).type));
  }
  return error(Code::kUnsupported, "{}: element types ({}) -> {} are not supported, expected {}", view.where, found,
               dtype_name(view.output().type), supported);
}

Status require_per_tensor(const OpView& view, const Tensor& tensor) {
  if (tensor.type != DType::kInt8 && tensor.type != DType::kUInt8 && tensor.type != DType::kInt16) return {};
  if (tensor.quantization.scale.size() == 1) return {};
  return error(Code::kMismatch, "{}: tensor '{}' of type {} must have one scale and zero point, found {}", view.where, tensor.name,
               dtype_name(tensor.type), tensor.quantization.scale.size());
}

Status check_uniform(const OpView& view, size_t data_inputs) {
  const DType type = view.output().type;
  bool uniform = type == DType::kFloat32 || type == DType::kInt8;
  for (size_t position = 0; position < data_inputs; ++position) uniform = uniform && view.input(position).type == type;
  if (!uniform) return unsupported_types(view, "float32 throughout or int8 throughout");
  for (size_t position = 0; position < data_inputs; ++position) LITEQAT_RETURN_IF_ERROR(require_per_tensor(view, view.input(position)));
  return require_per_tensor(view, view.output());
}

}  // namespace liteqat::graph::types
