// The one skeleton of the depthwise training kernels: loops over channels in fixed blocks that the compiler turns into vector code of
// whatever instruction set the including file is built for. Everything has internal linkage; include from reference.cc and x86_*.cc only.
#pragma once

#include "kernels/train/depthwise/depthwise.h"

namespace liteqat::kernels::train {
namespace {

constexpr int64_t kBlock = 16;  // floats: one AVX-512 register, two AVX2 registers

/// Positions [begin, end) along one axis of the output whose tap `k` lies inside the input.
struct OutRange {
  int32_t begin, end;
};

inline OutRange out_range(int32_t k, int32_t dilation, int32_t stride, int32_t pad, int32_t extent, int32_t out_extent) {
  const int32_t offset = k * dilation - pad;  // input = out * stride + offset, must be in [0, extent)
  int32_t begin = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  int32_t end = extent - offset <= 0 ? 0 : (extent - offset + stride - 1) / stride;
  if (begin > out_extent) begin = out_extent;
  if (end > out_extent) end = out_extent;
  if (end < begin) end = begin;
  return {begin, end};
}

/// Element strides of one image and of its output.
struct Strides {
  int64_t row, image, out_channels, out_row, out_image;
};

inline Strides make_strides(const DepthwiseShape& s) {
  const WindowShape& w = s.window;
  const int64_t out_channels = int64_t{w.channels} * s.multiplier;
  return {int64_t{w.width} * w.channels, int64_t{w.height} * w.width * w.channels, out_channels, w.out_width * out_channels,
          int64_t{w.out_height} * w.out_width * out_channels};
}

/// Taps of the window at an output position that lie inside the input along one axis.
struct TapRange {
  int32_t origin, begin, end;
};

inline TapRange tap_range(int32_t out, int32_t stride, int32_t pad, int32_t filter, int32_t dilation, int32_t extent) {
  const int32_t origin = out * stride - pad;
  int32_t begin = origin >= 0 ? 0 : (-origin + dilation - 1) / dilation;
  int32_t end = origin >= extent ? 0 : (extent - origin + dilation - 1) / dilation;
  if (end > filter) end = filter;
  if (begin > end) begin = end;
  return {origin, begin, end};
}

/// kCount channels from c on of one output position; kCount is a constant so that the sums stay in registers.
template <int64_t kCount>
inline void forward_block(const DepthwiseShape& s, const TapRange& y, const TapRange& x, const float* image, int64_t row_stride,
                          const float* weights, const float* bias, float* out) {
  const WindowShape& w = s.window;
  float sum[kCount];
  for (int64_t j = 0; j < kCount; ++j) sum[j] = bias == nullptr ? 0.0f : bias[j];
  for (int32_t ky = y.begin; ky < y.end; ++ky) {
    const float* row = image + (y.origin + ky * w.dilation_h) * row_stride;
    for (int32_t kx = x.begin; kx < x.end; ++kx) {
      const float* value = row + int64_t{x.origin + kx * w.dilation_w} * w.channels;
      const float* weight = weights + (int64_t{ky} * w.filter_w + kx) * w.channels;
      for (int64_t j = 0; j < kCount; ++j) sum[j] += value[j] * weight[j];
    }
  }
  for (int64_t j = 0; j < kCount; ++j) out[j] = sum[j];
}

/// Any multiplier, one output channel at a time.
inline void forward_multiplied(const DepthwiseShape& s, const TapRange& y, const TapRange& x, const float* image, int64_t row_stride,
                               const float* weights, const float* bias, float* out) {
  const WindowShape& w = s.window;
  const int64_t out_channels = int64_t{w.channels} * s.multiplier;
  for (int64_t o = 0; o < out_channels; ++o) {
    float sum = bias == nullptr ? 0.0f : bias[o];
    for (int32_t ky = y.begin; ky < y.end; ++ky) {
      const float* row = image + (y.origin + ky * w.dilation_h) * row_stride;
      for (int32_t kx = x.begin; kx < x.end; ++kx) {
        sum += row[int64_t{x.origin + kx * w.dilation_w} * w.channels + o / s.multiplier] *
               weights[(int64_t{ky} * w.filter_w + kx) * out_channels + o];
      }
    }
    out[o] = sum;
  }
}

inline void forward_position(const DepthwiseShape& s, const TapRange& y, const TapRange& x, const float* image, int64_t row_stride,
                             const float* weights, const float* bias, float* out) {
  if (s.multiplier != 1) {
    forward_multiplied(s, y, x, image, row_stride, weights, bias, out);
    return;
  }
  int64_t c = 0;
  for (; c + kBlock <= s.window.channels; c += kBlock) {
    forward_block<kBlock>(s, y, x, image + c, row_stride, weights + c, bias == nullptr ? nullptr : bias + c, out + c);
  }
  for (; c < s.window.channels; ++c) {
    forward_block<1>(s, y, x, image + c, row_stride, weights + c, bias == nullptr ? nullptr : bias + c, out + c);
  }
}

void forward(const DepthwiseShape& s, int32_t n, const float* x, const float* weights, const float* bias, float* y) {
  const WindowShape& w = s.window;
  const Strides strides = make_strides(s);
  for (int32_t image = 0; image < n; ++image) {
    const float* input = x + image * strides.image;
    float* output = y + image * strides.out_image;
    for (int32_t out_y = 0; out_y < w.out_height; ++out_y) {
      const TapRange rows = tap_range(out_y, w.stride_h, w.pad_h, w.filter_h, w.dilation_h, w.height);
      for (int32_t out_x = 0; out_x < w.out_width; ++out_x) {
        const TapRange columns = tap_range(out_x, w.stride_w, w.pad_w, w.filter_w, w.dilation_w, w.width);
        forward_position(s, rows, columns, input, strides.row, weights, bias, output + out_y * strides.out_row + out_x * strides.out_channels);
      }
    }
  }
}

/// dx[c] += sum over m of dy[c * M + m] * weight[c * M + m], all channels of one position.
inline void scatter_position(int64_t channels, int64_t multiplier, const float* dy, const float* weights, float* dx) {
  if (multiplier == 1) {
    for (int64_t c = 0; c < channels; ++c) dx[c] += dy[c] * weights[c];
    return;
  }
  for (int64_t o = 0; o < channels * multiplier; ++o) dx[o / multiplier] += dy[o] * weights[o];
}

void backward_data(const DepthwiseShape& s, int32_t n, const float* dy, const float* weights, float* dx) {
  const WindowShape& w = s.window;
  const Strides strides = make_strides(s);
  for (int64_t i = 0; i < n * strides.image; ++i) dx[i] = 0.0f;
  for (int32_t image = 0; image < n; ++image) {
    float* target = dx + image * strides.image;
    const float* gradient = dy + image * strides.out_image;
    for (int32_t out_y = 0; out_y < w.out_height; ++out_y) {
      const TapRange rows = tap_range(out_y, w.stride_h, w.pad_h, w.filter_h, w.dilation_h, w.height);
      for (int32_t out_x = 0; out_x < w.out_width; ++out_x) {
        const TapRange columns = tap_range(out_x, w.stride_w, w.pad_w, w.filter_w, w.dilation_w, w.width);
        const float* from = gradient + out_y * strides.out_row + out_x * strides.out_channels;
        for (int32_t ky = rows.begin; ky < rows.end; ++ky) {
          for (int32_t kx = columns.begin; kx < columns.end; ++kx) {
            float* to = target + (rows.origin + ky * w.dilation_h) * strides.row + int64_t{columns.origin + kx * w.dilation_w} * w.channels;
            scatter_position(w.channels, s.multiplier, from, weights + (int64_t{ky} * w.filter_w + kx) * strides.out_channels, to);
          }
        }
      }
    }
  }
}

/// Sum over the positions of one image where tap (ky, kx) is inside, kCount output channels: sum[j] += x * dy.
template <int64_t kCount>
inline void tap_gradient(const DepthwiseShape& s, const Strides& strides, int32_t ky, int32_t kx, const float* x, const float* dy, float* sum) {
  const WindowShape& w = s.window;
  const OutRange rows = out_range(ky, w.dilation_h, w.stride_h, w.pad_h, w.height, w.out_height);
  const OutRange columns = out_range(kx, w.dilation_w, w.stride_w, w.pad_w, w.width, w.out_width);
  float total[kCount];
  for (int64_t j = 0; j < kCount; ++j) total[j] = sum[j];
  for (int32_t out_y = rows.begin; out_y < rows.end; ++out_y) {
    const float* input = x + (out_y * w.stride_h - w.pad_h + ky * w.dilation_h) * strides.row;
    for (int32_t out_x = columns.begin; out_x < columns.end; ++out_x) {
      const float* value = input + int64_t{out_x * w.stride_w - w.pad_w + kx * w.dilation_w} * w.channels;
      const float* gradient = dy + out_y * strides.out_row + out_x * strides.out_channels;
      for (int64_t j = 0; j < kCount; ++j) total[j] += value[j] * gradient[j];
    }
  }
  for (int64_t j = 0; j < kCount; ++j) sum[j] = total[j];
}

/// All output channels of one tap and image.
inline void tap_gradients(const DepthwiseShape& s, const Strides& strides, int32_t ky, int32_t kx, const float* x, const float* dy, float* sum) {
  if (s.multiplier != 1) {
    for (int64_t o = 0; o < strides.out_channels; ++o) tap_gradient<1>(s, strides, ky, kx, x + o / s.multiplier, dy + o, sum + o);
    return;
  }
  int64_t c = 0;
  for (; c + kBlock <= s.window.channels; c += kBlock) tap_gradient<kBlock>(s, strides, ky, kx, x + c, dy + c, sum + c);
  for (; c < s.window.channels; ++c) tap_gradient<1>(s, strides, ky, kx, x + c, dy + c, sum + c);
}

void backward_weights(const DepthwiseShape& s, int32_t n, const float* x, const float* dy, float* dweights, float* dbias) {
  const WindowShape& w = s.window;
  const Strides strides = make_strides(s);
  for (int64_t i = 0; i < int64_t{w.filter_h} * w.filter_w * strides.out_channels; ++i) dweights[i] = 0.0f;
  for (int32_t image = 0; image < n; ++image) {
    for (int32_t ky = 0; ky < w.filter_h; ++ky) {
      for (int32_t kx = 0; kx < w.filter_w; ++kx) {
        tap_gradients(s, strides, ky, kx, x + image * strides.image, dy + image * strides.out_image,
                      dweights + (int64_t{ky} * w.filter_w + kx) * strides.out_channels);
      }
    }
  }
  if (dbias == nullptr) return;
  for (int64_t o = 0; o < strides.out_channels; ++o) dbias[o] = 0.0f;
  const int64_t positions = int64_t{n} * w.out_height * w.out_width;
  for (int64_t position = 0; position < positions; ++position) {
    for (int64_t o = 0; o < strides.out_channels; ++o) dbias[o] += dy[position * strides.out_channels + o];
  }
}

}  // namespace
}  // namespace liteqat::kernels::train
