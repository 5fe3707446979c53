#include "runtime/step_shapes.h"

#include <array>

namespace liteqat::runtime {

kernels::Window make_window(const OpContext& context, const WindowParams& params) {
  const graph::Shape &x = context.input(0).shape, &y = context.output().shape;
  kernels::Window window = {.batch = x[0],
                            .in_h = x[1],
                            .in_w = x[2],
                            .in_c = x[3],
                            .out_h = y[1],
                            .out_w = y[2],
                            .out_c = y[3],
                            .filter_h = params.filter_h,
                            .filter_w = params.filter_w,
                            .stride_h = params.stride_h,
                            .stride_w = params.stride_w,
                            .dilation_h = params.dilation_h,
                            .dilation_w = params.dilation_w};
  window.pad_top = numeric::window_pad_before(params.padding, x[1], params.filter_h, params.stride_h, params.dilation_h, y[1]);
  window.pad_left = numeric::window_pad_before(params.padding, x[2], params.filter_w, params.stride_w, params.dilation_w, y[2]);
  return window;
}

kernels::mean::Reduction make_reduction(const OpContext& context) {
  const graph::Shape& shape = context.input(0).shape;
  const auto rank = static_cast<int32_t>(shape.size());
  std::array<bool, kernels::kMaxRank> reduced{};
  for (int32_t wanted : context.indices(1)) {
    const int32_t axis = wanted < 0 ? wanted + rank : wanted;
    if (rank > 0) reduced[static_cast<size_t>(kernels::kMaxRank - rank + axis)] = true;
  }
  kernels::mean::Reduction reduction = {.extents = padded_extents(shape)};
  reduction.all_axes = std::ranges::count(reduced, true) == rank;
  for (size_t axis = kernels::kMaxRank; axis-- > 0;) {
    (reduced[axis] ? reduction.reduced_elems : reduction.output_elems) *= reduction.extents[axis];
    reduction.output[axis] = reduced[axis] ? 0 : reduction.output_elems / reduction.extents[axis];
  }
  return reduction;
}

}  // namespace liteqat::runtime
