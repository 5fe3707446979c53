// The loops that reference kernels of windowed operators share: every output, every valid tap, in ascending order. Plain, never optimized.
#pragma once

#include "kernels/kernel.h"
#include "kernels/window.h"

namespace liteqat::kernels {

/// Taps [first, last) of one axis that lie inside an input of `extent`, where tap 0 lies at `origin`. A filter may be far larger than the
/// input (SAME padding allows any): only taps inside are walked.
struct ValidTaps {
  int32_t first, last;

  [[gnu::always_inline]] ValidTaps(int64_t origin, int32_t filter, int32_t dilation, int32_t extent) {
    const int64_t begin = origin < 0 ? (-origin + dilation - 1) / dilation : 0;
    const int64_t end = origin < extent ? (extent - origin + dilation - 1) / dilation : 0;
    first = static_cast<int32_t>(begin < filter ? begin : filter);
    last = static_cast<int32_t>(end < filter ? end : filter);
  }
};

enum class TapOrder { kRows, kColumns };  // (y, x) or (x, y), ascending

/// Calls tap(input pixel, filter pixel) for every tap of one output that lies inside the input. Pixels count positions in [N,H,W] and
/// [KH,KW], without channels.
template <typename Tap>
void for_valid_taps(const Window& window, int32_t image, int32_t out_y, int32_t out_x, TapOrder order, const Tap& tap) {
  const ValidTaps y(window.in_y(out_y, 0), window.filter_h, window.dilation_h, window.in_h);
  const ValidTaps x(window.in_x(out_x, 0), window.filter_w, window.dilation_w, window.in_w);
  const auto call = [&](int32_t tap_y, int32_t tap_x) {
    const int64_t line = (int64_t{image} * window.in_h + window.in_y(out_y, tap_y)) * window.in_w;
    tap(line + window.in_x(out_x, tap_x), int64_t{tap_y} * window.filter_w + tap_x);
  };
  if (order == TapOrder::kRows) {
    for (int32_t tap_y = y.first; tap_y < y.last; ++tap_y) {
      for (int32_t tap_x = x.first; tap_x < x.last; ++tap_x) call(tap_y, tap_x);
    }
    return;
  }
  for (int32_t tap_x = x.first; tap_x < x.last; ++tap_x) {
    for (int32_t tap_y = y.first; tap_y < y.last; ++tap_y) call(tap_y, tap_x);
  }
}
template <typename Tap>
void for_valid_taps(const Window& window, int32_t image, int32_t out_y, int32_t out_x, const Tap& tap) {
  for_valid_taps(window, image, out_y, out_x, TapOrder::kRows, tap);
}

/// Calls output(image, out_y, out_x, channel, output offset) for every output element of the rows.
template <typename Output>
void for_outputs(const Window& window, Range rows, const Output& output) {
  int64_t offset = rows.begin * window.out_w * window.out_c;
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const auto image = static_cast<int32_t>(row / window.out_h), out_y = static_cast<int32_t>(row % window.out_h);
    for (int32_t out_x = 0; out_x < window.out_w; ++out_x) {
      for (int32_t channel = 0; channel < window.out_c; ++channel) output(image, out_y, out_x, channel, offset++);
    }
  }
}

/// Units of a kernel whose params hold a window: rows of outputs.
template <typename Params>
int64_t window_rows(const Params& params) {
  return params.window.out_rows();
}

}  // namespace liteqat::kernels
