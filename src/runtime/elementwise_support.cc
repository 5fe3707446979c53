#include <cmath>
#include <limits>

#include "runtime/elementwise_steps.h"

namespace liteqat::runtime {
namespace {

using graph::DType;

int32_t extent_from_back(const graph::Shape& shape, size_t back) {
  return back <= shape.size() ? shape[shape.size() - back] : 1;
}

}  // namespace

const char* short_type_name(DType type) {
  switch (type) {
    case DType::kFloat32:
      return "f32";
    case DType::kFloat16:
      return "f16";
    case DType::kInt8:
      return "i8";
    case DType::kUInt8:
      return "u8";
    case DType::kInt16:
      return "i16";
    case DType::kInt32:
      return "i32";
    case DType::kInt64:
      return "i64";
    case DType::kBool:
      return "bool";
  }
  return "";
}

Result<kernels::Broadcast> make_broadcast(const OpContext& context) {
  const graph::Shape &a = context.input(0).shape, &b = context.input(1).shape, &y = context.output().shape;
  kernels::Broadcast broadcast;
  broadcast.extents.fill(1);
  int64_t a_elems = 1, b_elems = 1;
  size_t axis = kernels::kMaxRank;  // the walk's outermost axis so far
  bool a_stretched = false, b_stretched = false;
  for (size_t back = 1; back <= y.size(); ++back) {
    const int32_t extent = extent_from_back(y, back), a_extent = extent_from_back(a, back), b_extent = extent_from_back(b, back);
    if (extent == 1) continue;
    const bool alike = axis < kernels::kMaxRank && a_stretched == (a_extent == 1) && b_stretched == (b_extent == 1) &&
                       int64_t{broadcast.extents[axis]} * extent <= INT32_MAX;
    if (alike) {
      broadcast.extents[axis] *= extent;
    } else {
      if (axis == 0) {
        return context.fail(Code::kUnsupported, "shapes {} and {} stretch in more than {} places, which is not supported",
                            graph::shape_text(a), graph::shape_text(b), kernels::kMaxRank);
      }
      --axis;
      a_stretched = a_extent == 1;
      b_stretched = b_extent == 1;
      broadcast.extents[axis] = extent;
      broadcast.a[axis] = a_stretched ? 0 : a_elems;
      broadcast.b[axis] = b_stretched ? 0 : b_elems;
    }
    a_elems *= a_extent;
    b_elems *= b_extent;
  }
  return broadcast;
}

numeric::IntClamp code_range(DType type) {
  switch (type) {
    case DType::kUInt8:
      return {0, 255};
    case DType::kInt16:
      return {INT16_MIN, INT16_MAX};
    default:
      return {INT8_MIN, INT8_MAX};
  }
}

numeric::IntClamp output_clamp(const OpContext& context, graph::Activation activation) {
  const graph::Tensor& y = context.output();
  const numeric::IntClamp codes = code_range(y.type);
  return numeric::quantized_clamp(activation, tensor_scale(y), tensor_zero_point(y), codes.low, codes.high);
}

Result<numeric::Multiplier> make_multiplier(const OpContext& context, double factor, const char* what) {
  if (std::isfinite(factor) && factor >= 0) {
    const numeric::Multiplier multiplier = numeric::quantize_multiplier(factor);
    if (multiplier.shift <= numeric::kMaxShift) return multiplier;
  }
  return context.fail(Code::kOutOfRange, "{} is {}, expected less than 2^30", what, factor);
}

}  // namespace liteqat::runtime
