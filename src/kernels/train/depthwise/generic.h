// The one skeleton of the depthwise training kernels, for whatever instruction set and vector length the including file chooses. Everything
// has internal linkage; include from reference.cc and x86_*.cc only.
#pragma once

#include "kernels/train/depthwise/depthwise.h"
#include "kernels/train/depthwise/segments.h"

namespace liteqat::kernels::train {
namespace {

/// One axis of the window.
struct Axis {
  int32_t extent, out_extent, filter, stride, dilation, pad;
};

inline Axis vertical(const WindowShape& w) {
  return {w.height, w.out_height, w.filter_h, w.stride_h, w.dilation_h, w.pad_h};
}
inline Axis horizontal(const WindowShape& w) {
  return {w.width, w.out_width, w.filter_w, w.stride_w, w.dilation_w, w.pad_w};
}

/// Element strides of the image and of the output.
struct Strides {
  int64_t row, image, out_channels, out_row, out_image;
};

inline Strides make_strides(const DepthwiseShape& s) {
  const WindowShape& w = s.window;
  const int64_t out_channels = int64_t{w.channels} * s.multiplier;
  return {int64_t{w.width} * w.channels, int64_t{w.height} * w.width * w.channels, out_channels, w.out_width * out_channels,
          int64_t{w.out_height} * w.out_width * out_channels};
}

/// The taps that a position uses: count of them from tap `first` on; `from` is the coordinate that the first one reads.
struct Taps {
  int32_t first, count, from;
};

inline bool same_taps(const Taps& a, const Taps& b) {
  return a.first == b.first && a.count == b.count;
}

/// Taps inside the input of the window at output position `out`; the next tap reads `dilation` further.
inline Taps input_taps(const Axis& a, int32_t out) {
  const int32_t origin = out * a.stride - a.pad;
  int32_t begin = origin >= 0 ? 0 : (-origin + a.dilation - 1) / a.dilation;
  int32_t end = origin >= a.extent ? 0 : (a.extent - origin + a.dilation - 1) / a.dilation;
  if (end > a.filter) end = a.filter;
  if (begin > end) begin = end;
  return {begin, end - begin, origin + begin * a.dilation};
}

inline int32_t common_divisor(int32_t a, int32_t b) {
  return b == 0 ? a : common_divisor(b, a % b);
}

/// Input position i is read by the outputs o with o * stride + tap * dilation = i + pad. Solutions lie tap_step taps and out_step outputs
/// apart: a larger tap belongs to an earlier output.
struct Transpose {
  int32_t tap_step, out_step;
};

inline Transpose transpose_of(const Axis& a) {
  const int32_t divisor = common_divisor(a.stride, a.dilation);
  return {a.stride / divisor, a.dilation / divisor};
}

inline Taps output_taps(const Axis& a, const Transpose& t, int32_t in) {
  int32_t first = 0;
  for (; first < a.filter; ++first) {
    const int32_t rest = in + a.pad - first * a.dilation;
    if (rest < 0) return {0, 0, 0};
    if (rest % a.stride == 0 && rest / a.stride < a.out_extent) break;
  }
  if (first >= a.filter) return {0, 0, 0};
  const int32_t out = (in + a.pad - first * a.dilation) / a.stride;
  int32_t count = 1;
  while (first + count * t.tap_step < a.filter && out - count * t.out_step >= 0) ++count;
  return {first, count, out};
}

/// Calls visit(first output column, columns, their taps) for the runs of output columns that see the same taps.
template <typename Visit>
inline void for_each_run(const Axis& a, const Visit& visit) {
  for (int32_t begin = 0; begin < a.out_extent;) {
    const Taps taps = input_taps(a, begin);
    int32_t end = begin + 1;
    while (end < a.out_extent && same_taps(input_taps(a, end), taps)) ++end;
    visit(begin, end - begin, taps);
    begin = end;
  }
}

/// Calls visit(first input column, columns, their taps) for runs of input columns `stride` apart that are read through the same taps.
template <typename Visit>
inline void for_each_transposed_run(const Axis& a, const Transpose& t, const Visit& visit) {
  for (int32_t phase = 0; phase < a.stride && phase < a.extent; ++phase) {
    for (int32_t begin = phase; begin < a.extent;) {
      const Taps taps = output_taps(a, t, begin);
      int32_t end = begin + a.stride;
      while (end < a.extent && same_taps(output_taps(a, t, end), taps)) end += a.stride;
      visit(begin, (end - begin) / a.stride, taps);
      begin = end;
    }
  }
}

/// Taps whose coordinates count from `first` on: what a source holds that begins there.
inline Taps from_row(Taps taps, int32_t first) {
  taps.from -= first;
  return taps;
}

/// Multiplier 1. The row of outputs at `out`, from the image.
template <int kLanes>
inline void forward_row(const WindowShape& w, const Taps& rows, const float* image, const float* weights, const float* bias, float* out) {
  const int64_t c = w.channels, row_stride = w.width * c;
  for_each_run(horizontal(w), [&](int32_t column, int32_t columns, const Taps& taps) {
    const Segment segment = {.positions = columns,
                             .channels = c,
                             .source = image + rows.from * row_stride + taps.from * c,
                             .source_step = w.stride_w * c,
                             .source_row = w.dilation_h * row_stride,
                             .source_column = w.dilation_w * c,
                             .weight_row = w.filter_w * c,
                             .weight_column = c};
    correlate<kLanes>(segment, rows.count, taps.count, weights + (int64_t{rows.first} * w.filter_w + taps.first) * c, bias,
                      out + column * c, c);
  });
}

/// Multiplier 1. The row of input gradients at `to`, from the image's output gradients.
template <int kLanes>
inline void backward_data_row(const WindowShape& w, const Taps& rows, const float* dy, const float* weights, float* to) {
  const int64_t c = w.channels, out_row = w.out_width * c;
  const Transpose across = transpose_of(horizontal(w)), down = transpose_of(vertical(w));
  for_each_transposed_run(horizontal(w), across, [&](int32_t column, int32_t columns, const Taps& taps) {
    const Segment segment = {.positions = columns,
                             .channels = c,
                             .source = dy + rows.from * out_row + taps.from * c,
                             .source_step = c,
                             .source_row = -down.out_step * out_row,
                             .source_column = -across.out_step * c,
                             .weight_row = int64_t{down.tap_step} * w.filter_w * c,
                             .weight_column = across.tap_step * c};
    correlate<kLanes>(segment, rows.count, taps.count, weights + (int64_t{rows.first} * w.filter_w + taps.first) * c, nullptr,
                      to + column * c, w.stride_w * c);
  });
}

/// Multiplier 1. Adds what a row of output gradients contributes to the gradient of the weights.
template <int kLanes>
inline void backward_weights_row(const WindowShape& w, const Taps& rows, const float* image, const float* dy, float* dweights) {
  const int64_t c = w.channels, row_stride = w.width * c;
  for_each_run(horizontal(w), [&](int32_t column, int32_t columns, const Taps& taps) {
    const Segment segment = {.positions = columns,
                             .channels = c,
                             .source = image + rows.from * row_stride + taps.from * c,
                             .source_step = w.stride_w * c,
                             .source_row = w.dilation_h * row_stride,
                             .source_column = w.dilation_w * c,
                             .weight_row = w.filter_w * c,
                             .weight_column = c};
    accumulate<kLanes>(segment, rows.count, taps.count, dy + column * c, c, dweights + (int64_t{rows.first} * w.filter_w + taps.first) * c);
  });
}

/// Any multiplier, one position at a time: calls visit(position's first output element, input element of channel 0, weight element of
/// output channel 0) for every tap, offsets within one image.
template <typename Visit>
inline void for_each_tap_of_row(const DepthwiseShape& s, int32_t out_y, const Visit& visit) {
  const WindowShape& w = s.window;
  const Strides strides = make_strides(s);
  const Taps rows = input_taps(vertical(w), out_y);
  for (int32_t out_x = 0; out_x < w.out_width; ++out_x) {
    const Taps columns = input_taps(horizontal(w), out_x);
    for (int32_t row = 0; row < rows.count; ++row) {
      for (int32_t column = 0; column < columns.count; ++column) {
        visit(out_y * strides.out_row + out_x * strides.out_channels,
              (rows.from + row * w.dilation_h) * strides.row + int64_t{columns.from + column * w.dilation_w} * w.channels,
              (int64_t{rows.first + row} * w.filter_w + columns.first + column) * strides.out_channels);
      }
    }
  }
}

template <int kLanes>
void forward_rows(const DepthwiseShape& s, const Strip& strip, const float* x, const float* weights, const float* bias, float* y) {
  const int64_t out_row = make_strides(s).out_row;
  for (int32_t row = strip.begin; row < strip.end; ++row, y += out_row) {
    forward_row<kLanes>(s.window, from_row(input_taps(vertical(s.window), row), strip.source_first), x, weights, bias, y);
  }
}

template <int kLanes>
void backward_data_rows(const DepthwiseShape& s, const Strip& strip, const float* dy, const float* weights, float* dx) {
  const Axis rows = vertical(s.window);
  const Transpose down = transpose_of(rows);
  for (int32_t row = strip.begin; row < strip.end; ++row, dx += make_strides(s).row) {
    backward_data_row<kLanes>(s.window, from_row(output_taps(rows, down, row), strip.source_first), dy, weights, dx);
  }
}

template <int kLanes>
void add_weights_of_rows(const DepthwiseShape& s, const Strip& strip, const float* x, const float* dy, float* dweights) {
  const int64_t out_row = make_strides(s).out_row;
  for (int32_t row = strip.begin; row < strip.end; ++row, dy += out_row) {
    backward_weights_row<kLanes>(s.window, from_row(input_taps(vertical(s.window), row), strip.source_first), x, dy, dweights);
  }
}

template <int kLanes>
void forward(const DepthwiseShape& s, int32_t n, const float* x, const float* weights, const float* bias, float* y) {
  const Strides strides = make_strides(s);
  for (int32_t image = 0; image < n; ++image, x += strides.image, y += strides.out_image) {
    if (s.multiplier == 1) {
      forward_rows<kLanes>(s, {0, s.window.out_height, 0}, x, weights, bias, y);
      continue;
    }
    for (int32_t out_y = 0; out_y < s.window.out_height; ++out_y) {
      float* row = y + out_y * strides.out_row;
      for (int64_t i = 0; i < strides.out_row; ++i) row[i] = bias == nullptr ? 0.0f : bias[i % strides.out_channels];
      for_each_tap_of_row(s, out_y, [&](int64_t to, int64_t from, int64_t weight) {
        for (int64_t o = 0; o < strides.out_channels; ++o) y[to + o] += x[from + o / s.multiplier] * weights[weight + o];
      });
    }
  }
}

template <int kLanes>
void backward_data(const DepthwiseShape& s, int32_t n, const float* dy, const float* weights, float* dx) {
  const Strides strides = make_strides(s);
  for (int32_t image = 0; image < n; ++image, dy += strides.out_image, dx += strides.image) {
    if (s.multiplier == 1) {
      backward_data_rows<kLanes>(s, {0, s.window.height, 0}, dy, weights, dx);
      continue;
    }
    for (int64_t i = 0; i < strides.image; ++i) dx[i] = 0.0f;
    for (int32_t out_y = 0; out_y < s.window.out_height; ++out_y) {
      for_each_tap_of_row(s, out_y, [&](int64_t to, int64_t from, int64_t weight) {
        for (int64_t o = 0; o < strides.out_channels; ++o) dx[from + o / s.multiplier] += dy[to + o] * weights[weight + o];
      });
    }
  }
}

template <int kLanes>
void backward_weights(const DepthwiseShape& s, int32_t n, const float* x, const float* dy, float* dweights, float* dbias) {
  const WindowShape& w = s.window;
  const Strides strides = make_strides(s);
  for (int64_t i = 0; i < int64_t{w.filter_h} * w.filter_w * strides.out_channels; ++i) dweights[i] = 0.0f;
  for (int64_t o = 0; dbias != nullptr && o < strides.out_channels; ++o) dbias[o] = 0.0f;
  for (int32_t image = 0; image < n; ++image, x += strides.image, dy += strides.out_image) {
    if (s.multiplier == 1) add_weights_of_rows<kLanes>(s, {0, w.out_height, 0}, x, dy, dweights);
    for (int32_t out_y = 0; s.multiplier != 1 && out_y < w.out_height; ++out_y) {
      for_each_tap_of_row(s, out_y, [&](int64_t to, int64_t from, int64_t weight) {
        for (int64_t o = 0; o < strides.out_channels; ++o) dweights[weight + o] += x[from + o / s.multiplier] * dy[to + o];
      });
    }
    for (int64_t i = 0; dbias != nullptr && i < strides.out_image; i += strides.out_channels) {
      for (int64_t o = 0; o < strides.out_channels; ++o) dbias[o] += dy[i + o];
    }
  }
}

template <int kLanes>
constexpr DepthwiseKernels make_depthwise_kernels(const char* name) {
  return {.name = name,
          .forward = forward<kLanes>,
          .backward_data = backward_data<kLanes>,
          .backward_weights = backward_weights<kLanes>,
          .forward_rows = forward_rows<kLanes>,
          .backward_data_rows = backward_data_rows<kLanes>,
          .add_weights_of_rows = add_weights_of_rows<kLanes>};
}

}  // namespace
}  // namespace liteqat::kernels::train
