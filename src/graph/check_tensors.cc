#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include "base/checked.h"
#include "graph/rules.h"

namespace liteqat::graph {
namespace {

struct ZeroPointRange {
  int64_t low, high;
};

/// The values that the type can hold; wider integer types are symmetric (tflite-int8 section 2: bias and 16x8 activations).
ZeroPointRange zero_point_range(DType type) {
  switch (type) {
    case DType::kInt8:
      return {-128, 127};
    case DType::kUInt8:
      return {0, 255};
    default:
      return {0, 0};
  }
}

Status check_quantization(const Tensor& tensor, const std::string& where) {
  const Quantization& quantization = tensor.quantization;
  const size_t count = quantization.scale.size();
  if (quantization.zero_point.size() != count) {
    return error(Code::kMismatch, "{} has {} scales but {} zero points", where, count, quantization.zero_point.size());
  }
  if (count == 0) return {};
  if (count > 1) {
    if (quantization.axis < 0 || static_cast<size_t>(quantization.axis) >= tensor.shape.size()) {
      return error(Code::kOutOfRange, "{} is quantized along axis {}, its shape is {}", where, quantization.axis, shape_text(tensor.shape));
    }
    const int32_t extent = tensor.shape[static_cast<size_t>(quantization.axis)];
    if (static_cast<int64_t>(count) != extent) {
      return error(Code::kMismatch, "{} has {} scales, its axis {} has {} slices", where, count, quantization.axis, extent);
    }
  }
  const ZeroPointRange range = zero_point_range(tensor.type);
  for (size_t slice = 0; slice < count; ++slice) {
    const float scale = quantization.scale[slice];
    if (!(std::isfinite(scale) && scale > 0)) {
      return error(Code::kOutOfRange, "{} has scale {} at slice {}: a scale must be finite and positive", where, scale, slice);
    }
    const int64_t zero_point = quantization.zero_point[slice];
    if (zero_point < range.low || zero_point > range.high) {
      return error(Code::kOutOfRange, "{} has zero point {} at slice {}: expected {} to {} for {}", where, zero_point, slice, range.low,
                   range.high, dtype_name(tensor.type));
    }
  }
  return {};
}

Status check_payload(const Tensor& tensor, const std::string& where) {
  const auto elems = checked_product(std::span<const int32_t>(tensor.shape));
  const auto bytes = elems ? checked_mul(*elems, dtype_bytes(tensor.type)) : std::nullopt;
  if (!bytes) return error(Code::kOutOfRange, "{} has shape {}: a negative extent or too many elements", where, shape_text(tensor.shape));
  if (!tensor.constant() && *elems < 1) {
    return error(Code::kOutOfRange, "{} has shape {}: every extent of a computed tensor must be at least 1", where,
                 shape_text(tensor.shape));
  }
  const int64_t expected = tensor.constant() ? *bytes : 0;
  if (static_cast<int64_t>(tensor.data.size()) != expected) {
    return error(Code::kMismatch, "{} ({} {}, {}) holds {} bytes, expected {}", where, dtype_name(tensor.type), shape_text(tensor.shape),
                 tensor.constant() ? "constant" : "computed", tensor.data.size(), expected);
  }
  if (tensor.type != DType::kBool) return {};
  const auto other = std::ranges::find_if(tensor.data, [](std::byte value) { return value > std::byte{1}; });
  if (other == tensor.data.end()) return {};
  return error(Code::kOutOfRange, "{} holds {} at byte {}, a bool is 0 or 1", where, std::to_integer<int>(*other),
               other - tensor.data.begin());
}

}  // namespace

Status check_tensors(const Graph& graph) {
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    const std::string where = format("tensor {} '{}'", id, graph.tensors[id].name);
    LITEQAT_RETURN_IF_ERROR(check_payload(graph.tensors[id], where));
    LITEQAT_RETURN_IF_ERROR(check_quantization(graph.tensors[id], where));
  }
  return {};
}

}  // namespace liteqat::graph
