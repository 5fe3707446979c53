// From an operator's window to the shape that kernels/train take.
#pragma once

#include "graph/graph.h"
#include "kernels/train/depthwise/depthwise.h"
#include "kernels/train/window.h"
#include "numeric/padding.h"

namespace liteqat::train {

struct Window {
  int32_t filter_h = 1, filter_w = 1;
  int32_t stride_h = 1, stride_w = 1;
  int32_t dilation_h = 1, dilation_w = 1;
  graph::Padding padding = graph::Padding::kValid;
};

/// in and out: NHWC.
inline kernels::train::WindowShape window_shape(const Window& w, const graph::Shape& in, const graph::Shape& out) {
  return {in[1],
          in[2],
          in[3],
          out[1],
          out[2],
          w.filter_h,
          w.filter_w,
          w.stride_h,
          w.stride_w,
          w.dilation_h,
          w.dilation_w,
          numeric::window_pad_before(w.padding, in[1], w.filter_h, w.stride_h, w.dilation_h, out[1]),
          numeric::window_pad_before(w.padding, in[2], w.filter_w, w.stride_w, w.dilation_w, out[2])};
}

/// Of a DEPTHWISE_CONV_2D.
kernels::train::DepthwiseShape depthwise_shape(const graph::Graph& model, const graph::Op& op);

}  // namespace liteqat::train
