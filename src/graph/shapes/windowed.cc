#include <limits>

#include "graph/shapes/shapes.h"

namespace liteqat::graph::shapes {
namespace {

struct Window {
  Padding padding;
  int32_t filter, stride, dilation;
};

Result<int32_t> window_extent(const Window& window, int32_t input, const char* axis) {
  if (window.stride < 1 || window.filter < 1 || window.dilation < 1 || window.stride > kMaxExtent || window.dilation > kMaxExtent) {
    return error(Code::kOutOfRange, "filter, stride and dilation along {} must be at least 1 (at most 2^30), found {}, {} and {}", axis,
                 window.filter, window.stride, window.dilation);
  }
  const int64_t covered = (int64_t{window.filter} - 1) * window.dilation + 1;
  if (input < 1 || input > kMaxExtent || covered > kMaxExtent) {
    return error(Code::kOutOfRange, "input extent {} and dilated filter {} along {} must lie in 1 to 2^30", input, covered, axis);
  }
  const int32_t output = numeric::window_output_extent(window.padding, input, window.filter, window.stride, window.dilation);
  if (output < 1) {
    return error(Code::kMismatch, "a filter of {} (dilation {}) does not fit an input of {} along {} with VALID padding", window.filter,
                 window.dilation, input, axis);
  }
  return output;
}

Status check_bias(const OpView& view, int32_t channels, size_t position = 2) {
  if (!view.has_input(position)) return {};
  if (view.input(position) == Shape{channels}) return {};
  return error(Code::kMismatch, "bias must have shape [{}], found {}", channels, shape_text(view.input(position)));
}

template <typename Params>
Result<Shape> windowed_shape(const Params& params, const Shape& x, int32_t filter_h, int32_t filter_w, int32_t dilation_h,
                             int32_t dilation_w, int32_t channels) {
  LITEQAT_ASSIGN_OR_RETURN(const int32_t height, window_extent({params.padding, filter_h, params.stride_h, dilation_h}, x[1], "height"));
  LITEQAT_ASSIGN_OR_RETURN(const int32_t width, window_extent({params.padding, filter_w, params.stride_w, dilation_w}, x[2], "width"));
  return Shape{x[0], height, width, channels};
}

}  // namespace

Result<Shape> conv2d(const OpView& view) {
  const Shape &x = view.input(0), &w = view.input(1);
  LITEQAT_RETURN_IF_ERROR(require_rank(x, 4, "the input"));
  LITEQAT_RETURN_IF_ERROR(require_rank(w, 4, "the weights"));
  if (w[3] < 1 || x[3] % w[3] != 0 || w[0] % (x[3] / w[3]) != 0) {
    return error(Code::kMismatch, "weights {} do not divide the {} channels of input {} into groups of equal inputs and outputs",
                 shape_text(w), x[3], shape_text(x));
  }
  LITEQAT_RETURN_IF_ERROR(check_bias(view, w[0]));
  const auto& params = view.op.params_as<Conv2DParams>();
  return windowed_shape(params, x, w[1], w[2], params.dilation_h, params.dilation_w, w[0]);
}

Result<Shape> depthwise_conv2d(const OpView& view) {
  const Shape &x = view.input(0), &w = view.input(1);
  LITEQAT_RETURN_IF_ERROR(require_rank(x, 4, "the input"));
  LITEQAT_RETURN_IF_ERROR(require_rank(w, 4, "the weights"));
  const auto& params = view.op.params_as<DepthwiseConv2DParams>();
  if (w[0] != 1 || params.depth_multiplier < 1 || int64_t{x[3]} * params.depth_multiplier != w[3]) {
    return error(Code::kMismatch, "weights must have shape [1,KH,KW,{} channels * depth multiplier {}], found {}", x[3],
                 params.depth_multiplier, shape_text(w));
  }
  LITEQAT_RETURN_IF_ERROR(check_bias(view, w[3]));
  return windowed_shape(params, x, w[1], w[2], params.dilation_h, params.dilation_w, w[3]);
}

Result<Shape> fully_connected(const OpView& view) {
  const Shape &x = view.input(0), &w = view.input(1);
  LITEQAT_RETURN_IF_ERROR(require_rank(w, 2, "the weights"));
  LITEQAT_RETURN_IF_ERROR(check_bias(view, w[0]));
  LITEQAT_ASSIGN_OR_RETURN(const int64_t elems, checked_elems(x));
  if (view.op.params_as<FullyConnectedParams>().keep_num_dims) {
    if (x.empty() || x.back() != w[1]) {
      return error(Code::kMismatch, "weights {} expect a last extent of {}, the input has shape {}", shape_text(w), w[1], shape_text(x));
    }
    Shape output = x;
    output.back() = w[0];
    return output;
  }
  if (w[1] < 1 || elems % w[1] != 0 || elems / w[1] > std::numeric_limits<int32_t>::max()) {
    return error(Code::kMismatch, "input {} has {} elements, which do not divide into rows of {} as the weights {} expect", shape_text(x),
                 elems, w[1], shape_text(w));
  }
  return Shape{static_cast<int32_t>(elems / w[1]), w[0]};
}

Result<Shape> transpose_conv(const OpView& view) {
  const Shape &w = view.input(1), &x = view.input(2);
  LITEQAT_RETURN_IF_ERROR(require_rank(w, 4, "the weights"));
  LITEQAT_RETURN_IF_ERROR(require_rank(x, 4, "the input"));
  const auto output = view.indices(0);
  if (output.size() != 4 || w[3] != x[3] || output[3] != w[0]) {
    return error(Code::kMismatch,
                 "an output shape of 4 extents, the last that of weights [O,KH,KW,I], and inputs of I channels are expected, "
                 "found {} extents, weights {} and input {}",
                 output.size(), shape_text(w), shape_text(x));
  }
  LITEQAT_RETURN_IF_ERROR(check_bias(view, w[0], 3));
  const auto& params = view.op.params_as<TransposeConvParams>();
  // As in TFLite the padding is that of the convolution that goes the other way; that convolution's output need not be the input.
  LITEQAT_RETURN_IF_ERROR(window_extent({params.padding, w[1], params.stride_h, 1}, output[1], "height").status());
  LITEQAT_RETURN_IF_ERROR(window_extent({params.padding, w[2], params.stride_w, 1}, output[2], "width").status());
  if (x[1] < 1 || x[2] < 1 || x[1] > kMaxExtent / params.stride_h || x[2] > kMaxExtent / params.stride_w) {
    return error(Code::kOutOfRange, "the extents of input {} times the strides must lie in 1 to 2^30", shape_text(x));
  }
  return Shape{x[0], output[1], output[2], w[0]};
}

Result<Shape> pool(const OpView& view) {
  const Shape& x = view.input(0);
  LITEQAT_RETURN_IF_ERROR(require_rank(x, 4, "the input"));
  const auto& params = view.op.params_as<Pool2DParams>();
  return windowed_shape(params, x, params.filter_h, params.filter_w, 1, 1, x[3]);
}

}  // namespace liteqat::graph::shapes
