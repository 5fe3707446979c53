#include <algorithm>
#include <initializer_list>

#include "graph/types/types.h"

namespace liteqat::graph::types {
namespace {

using Types = std::initializer_list<DType>;

constexpr Types kComputed = {DType::kFloat32, DType::kInt8, DType::kUInt8, DType::kInt16};
constexpr Types kReduced = {DType::kFloat32, DType::kInt8, DType::kUInt8, DType::kInt16, DType::kInt32, DType::kInt64};
constexpr Types kReducedOrBool = {DType::kFloat32, DType::kInt8, DType::kUInt8, DType::kInt16, DType::kInt32, DType::kInt64, DType::kBool};
constexpr Types kAll = {DType::kFloat32, DType::kFloat16, DType::kInt8,  DType::kUInt8,
                        DType::kInt16,   DType::kInt32,   DType::kInt64, DType::kBool};
constexpr Types kUpTo32Bits = {DType::kFloat32, DType::kFloat16, DType::kInt8, DType::kUInt8, DType::kInt16, DType::kInt32, DType::kBool};
constexpr Types kDepthToSpace = {DType::kFloat32, DType::kInt8, DType::kUInt8, DType::kInt32, DType::kInt64};
constexpr Types kCompared = {DType::kFloat32, DType::kInt8, DType::kUInt8, DType::kInt32, DType::kBool};

std::string type_names(Types types) {
  std::string names;
  for (DType type : types) names += format("{}{}", names.empty() ? "" : ", ", dtype_name(type));
  return names;
}

/// Positions of the inputs that hold data, not indices.
std::vector<size_t> data_positions(const OpView& view) {
  if (view.op.kind == OpKind::kSplit) return {1};
  if (view.op.kind == OpKind::kPadV2) return {0, 2};
  if (view.op.kind != OpKind::kConcatenation && view.op.kind != OpKind::kPack) return {0};
  std::vector<size_t> positions(view.op.inputs.size());
  for (size_t position = 0; position < positions.size(); ++position) positions[position] = position;
  return positions;
}

/// Data inputs and outputs of one type, of those given.
Status check_one_type(const OpView& view, Types supported) {
  const DType type = view.output().type;
  bool uniform = std::ranges::find(supported, type) != supported.end();
  for (size_t position : data_positions(view)) uniform = uniform && view.input(position).type == type;
  for (TensorId id : view.op.outputs) uniform = uniform && view.graph.tensor(id).type == type;
  return uniform ? Status() : unsupported_types(view, format("data of one type: {}", type_names(supported)).c_str());
}

/// Values are moved as they are, so a scale per slice would be lost, and some of TFLite's kernels insist on equal parameters.
Status check_same_quantization(const OpView& view) {
  const auto same = [](const Quantization& a, const Quantization& b) { return a.scale == b.scale && a.zero_point == b.zero_point; };
  for (size_t position : data_positions(view)) {
    const Tensor& x = view.input(position);
    if (!is_quantized_type(x.type) || same(x.quantization, view.output().quantization)) continue;
    return error(Code::kMismatch, "{}: input {} (tensor '{}') and the output must share scale and zero point, found {}/{} and {}/{}",
                 view.where, position, x.name, x.quantization.empty() ? 0.0f : x.quantization.scale[0],
                 x.quantization.empty() ? 0 : x.quantization.zero_point[0],
                 view.output().quantization.empty() ? 0.0f : view.output().quantization.scale[0],
                 view.output().quantization.empty() ? 0 : view.output().quantization.zero_point[0]);
  }
  return {};
}

Status check_one_scale(const OpView& view) {
  for (size_t position : data_positions(view)) LITEQAT_RETURN_IF_ERROR(require_per_tensor(view, view.input(position)));
  return require_per_tensor(view, view.output());
}

Status check_concatenation(const OpView& view) {
  LITEQAT_RETURN_IF_ERROR(check_one_type(view, kAll));
  if (view.op.params_as<AxisParams>().activation != Activation::kNone) {
    return error(Code::kUnsupported, "{}: a fused activation is not supported, nor by TFLite", view.where);
  }
  // Of the quantized types TFLite rescales uint8 only.
  if (view.output().type == DType::kUInt8 && !view.output().quantization.empty()) return check_one_scale(view);
  return view.output().type == DType::kInt8 ? check_same_quantization(view) : Status();
}

Status check_pad_value(const OpView& view) {
  LITEQAT_RETURN_IF_ERROR(check_one_type(view, kAll));
  const Tensor &value = view.input(2), &y = view.output();
  if (!is_quantized_type(y.type) || y.quantization.empty()) return {};
  if (value.quantization.scale == y.quantization.scale && value.quantization.zero_point == y.quantization.zero_point) return {};
  return error(Code::kMismatch, "{}: its value '{}' and the output must share scale and zero point", view.where, value.name);
}

}  // namespace

Status check_pool(const OpView& view) {
  LITEQAT_RETURN_IF_ERROR(check_one_type(view, kComputed));
  return check_one_scale(view);
}

Status check_reduction(const OpView& view) {
  const bool is_max = view.op.kind == OpKind::kReduceMax;
  LITEQAT_RETURN_IF_ERROR(check_one_type(view, is_max ? kReducedOrBool : kReduced));
  return is_max ? check_same_quantization(view) : check_one_scale(view);
}

Status check_arg_max(const OpView& view) {
  const DType from = view.input(0).type, to = view.output().type;
  if (std::ranges::find(kCompared, from) != kCompared.end() && (to == DType::kInt32 || to == DType::kInt64)) return {};
  return unsupported_types(view, format("{} to int32 or int64", type_names(kCompared)).c_str());
}

Status check_shape(const OpView& view) {
  const DType to = view.output().type;
  return to == DType::kInt32 || to == DType::kInt64 ? Status() : unsupported_types(view, "any type to int32 or int64");
}

Status check_moved(const OpView& view) {
  switch (view.op.kind) {
    case OpKind::kConcatenation:
      return check_concatenation(view);
    case OpKind::kPadV2:
      return check_pad_value(view);
    case OpKind::kPack:
    case OpKind::kSplit:
      LITEQAT_RETURN_IF_ERROR(check_one_type(view, kReduced));
      return view.op.kind == OpKind::kPack ? check_same_quantization(view) : Status();
    case OpKind::kDepthToSpace:
      return check_one_type(view, kDepthToSpace);
    case OpKind::kExpandDims:
    case OpKind::kSpaceToBatchNd:
    case OpKind::kBatchToSpaceNd:
      LITEQAT_RETURN_IF_ERROR(check_one_type(view, kAll));
      return check_same_quantization(view);
    case OpKind::kResizeBilinear:
      return check_one_type(view, kComputed);
    case OpKind::kResizeNearestNeighbor:
      return check_one_type(view, kUpTo32Bits);
    default:  // RESHAPE, SQUEEZE, TRANSPOSE, SLICE, STRIDED_SLICE, PAD, MIRROR_PAD
      return check_one_type(view, kAll);
  }
}

}  // namespace liteqat::graph::types
