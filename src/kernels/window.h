// The geometry of a windowed operator on NHWC tensors: where each output looks in its input. Plain numbers, validated by the caller.
#pragma once

#include <cstdint>

namespace liteqat::kernels {

/// Input element (y, x) of output (out_y, out_x) and tap (tap_y, tap_x): y = out_y * stride_h - pad_top + tap_y * dilation_h, x likewise.
/// Taps outside the input are skipped.
struct Window {
  int32_t batch = 1;
  int32_t in_h = 1, in_w = 1, in_c = 1;
  int32_t out_h = 1, out_w = 1, out_c = 1;
  int32_t filter_h = 1, filter_w = 1;
  int32_t stride_h = 1, stride_w = 1;
  int32_t dilation_h = 1, dilation_w = 1;
  int32_t pad_top = 0, pad_left = 0;

  /// Rows of outputs of all images, the usual unit of work: row = image * out_h + out_y.
  int64_t out_rows() const { return int64_t{batch} * out_h; }

  /// Row of the input that tap_y of out_y reads; outside [0, in_h) for a padded tap.
  [[gnu::always_inline]] int64_t in_y(int32_t out_y, int32_t tap_y) const {
    return int64_t{out_y} * stride_h - pad_top + int64_t{tap_y} * dilation_h;
  }
  [[gnu::always_inline]] int64_t in_x(int32_t out_x, int32_t tap_x) const {
    return int64_t{out_x} * stride_w - pad_left + int64_t{tap_x} * dilation_w;
  }
};

}  // namespace liteqat::kernels
