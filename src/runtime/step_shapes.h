// What steps of several families ask about shapes and quantization. Not for use outside this folder.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "kernels/extents.h"
#include "kernels/mean/mean.h"
#include "kernels/window.h"
#include "numeric/padding.h"
#include "runtime/step.h"

namespace liteqat::runtime {

/// Operators that move raw codes need equal parameters on both sides; scales within 1e-6 as TFLite's kernels demand.
inline Status require_same_quantization(const OpContext& context) {
  const graph::Tensor &x = context.input(0), &y = context.output();
  if (std::abs(tensor_scale(x) - tensor_scale(y)) <= 1e-6f && tensor_zero_point(x) == tensor_zero_point(y)) return {};
  return context.fail(Code::kMismatch, "input and output must share scale and zero point, found {} / {} and {} / {}", tensor_scale(x),
                      tensor_zero_point(x), tensor_scale(y), tensor_zero_point(y));
}

inline Status require_rank(const OpContext& context) {
  const graph::Shape& shape = context.input(0).shape;
  if (shape.size() <= kernels::kMaxRank) return {};
  return context.fail(Code::kUnsupported, "its input {} has {} axes, at most {} are supported", graph::shape_text(shape), shape.size(),
                      kernels::kMaxRank);
}

/// The shape with leading extents of 1.
inline kernels::Extents padded_extents(const graph::Shape& shape) {
  kernels::Extents extents;
  extents.fill(1);
  std::copy(shape.begin(), shape.end(), extents.end() - static_cast<std::ptrdiff_t>(shape.size()));
  return extents;
}

/// What a windowed operator says of itself; extents are those of input 0 and output 0.
struct WindowParams {
  numeric::Padding padding = numeric::Padding::kValid;
  int32_t filter_h = 1, filter_w = 1;
  int32_t stride_h = 1, stride_w = 1;
  int32_t dilation_h = 1, dilation_w = 1;
};
kernels::Window make_window(const OpContext& context, const WindowParams& params);

/// Which axes of input 0 input 1 lists as reduced, as steps of the output: 0 along them. Requires: require_rank.
kernels::mean::Reduction make_reduction(const OpContext& context);

}  // namespace liteqat::runtime
