// The loops of loops.h as plain code that the compiler vectorizes for the including file's instruction set: no branches inside, and
// `ivdep` where output may be input, which is safe because element i depends on element i alone. Internal linkage; include from
// reference.cc and x86_*.cc only.
#pragma once

#include "kernels/train/loops/loops.h"
#include "kernels/train/loops/normalized_loops.h"
#include "kernels/train/vectors.h"

namespace liteqat::kernels::train {
namespace {

void relu_forward(const float* x, float* y, int64_t elems) {
#pragma GCC ivdep
  for (int64_t i = 0; i < elems; ++i) y[i] = x[i] > 0.0f ? x[i] : 0.0f;
}

void relu6_forward(const float* x, float* y, int64_t elems) {
#pragma GCC ivdep
  for (int64_t i = 0; i < elems; ++i) {
    const float low = x[i] > 0.0f ? x[i] : 0.0f;
    y[i] = low < 6.0f ? low : 6.0f;
  }
}

void relu_backward(const float* y, const float* dy, float* dx, int64_t elems) {
#pragma GCC ivdep
  for (int64_t i = 0; i < elems; ++i) {
    const float gradient = dy[i];
    dx[i] = y[i] > 0.0f ? gradient : 0.0f;
  }
}

void relu6_backward(const float* y, const float* dy, float* dx, int64_t elems) {
#pragma GCC ivdep
  for (int64_t i = 0; i < elems; ++i) {
    const float value = y[i], gradient = dy[i];
    const float above = value > 0.0f ? gradient : 0.0f;
    dx[i] = value < 6.0f ? above : 0.0f;
  }
}

void add_forward(const float* a, const float* b, float* y, int64_t elems) {
#pragma GCC ivdep
  for (int64_t i = 0; i < elems; ++i) y[i] = a[i] + b[i];
}

void accumulate(const float* x, float* sum, int64_t elems) {
#pragma GCC ivdep
  for (int64_t i = 0; i < elems; ++i) sum[i] += x[i];
}

/// Four rows at a time, so that the accumulators in memory are touched a quarter as often. x * x is exact in double.
void column_sums(int64_t rows, int64_t channels, const float* x, double* __restrict sums, double* __restrict squares) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4, x += 4 * channels) {
    for (int64_t c = 0; c < channels; ++c) {
      const double x0 = x[c], x1 = x[channels + c], x2 = x[2 * channels + c], x3 = x[3 * channels + c];
      sums[c] += (x0 + x1) + (x2 + x3);
      squares[c] += (x0 * x0 + x1 * x1) + (x2 * x2 + x3 * x3);
    }
  }
  for (; row < rows; ++row, x += channels) {
    for (int64_t c = 0; c < channels; ++c) {
      const double value = x[c];
      sums[c] += value;
      squares[c] += value * value;
    }
  }
}

void column_products(int64_t rows, int64_t channels, int64_t columns, const float* x, const float* dy, const float* mean,
                     double* __restrict sums, double* __restrict products) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4, x += 4 * channels, dy += 4 * channels) {
    for (int64_t c = 0; c < columns; ++c) {
      const double g0 = dy[c], g1 = dy[channels + c], g2 = dy[2 * channels + c], g3 = dy[3 * channels + c];
      const double x0 = x[c] - mean[c], x1 = x[channels + c] - mean[c], x2 = x[2 * channels + c] - mean[c],
                   x3 = x[3 * channels + c] - mean[c];
      sums[c] += (g0 + g1) + (g2 + g3);
      products[c] += (g0 * x0 + g1 * x1) + (g2 * x2 + g3 * x3);
    }
  }
  for (; row < rows; ++row, x += channels, dy += channels) {
    for (int64_t c = 0; c < columns; ++c) {
      const double gradient = dy[c], centered = x[c] - mean[c];
      sums[c] += gradient;
      products[c] += gradient * centered;
    }
  }
}

void scale_columns(int64_t rows, int64_t channels, const float* x, const float* scale, const float* shift, float* y) {
  for (int64_t row = 0; row < rows; ++row, x += channels, y += channels) {
    if (shift == nullptr) {
#pragma GCC ivdep
      for (int64_t c = 0; c < channels; ++c) y[c] = x[c] * scale[c];
    } else {
#pragma GCC ivdep
      for (int64_t c = 0; c < channels; ++c) y[c] = x[c] * scale[c] + shift[c];
    }
  }
}

void combine_columns(int64_t rows, int64_t channels, int64_t columns, const float* x, const float* dy, const float* mean, const float* a,
                     const float* b, const float* d, float* dx) {
  for (int64_t row = 0; row < rows; ++row, x += channels, dy += channels, dx += channels) {
#pragma GCC ivdep
    for (int64_t c = 0; c < columns; ++c) dx[c] = a[c] * dy[c] + (b[c] * (x[c] - mean[c]) + d[c]);
  }
}

/// numeric::fake_quantize and, kDivide off, numeric::fake_quantize_per_channel, kLanes elements at a time. In vectors of our own: the
/// compiler turns these selections into branches. floor() of numbers below 2^22: adding and subtracting 1.5 * 2^23 rounds to the nearest
/// integer exactly, one less where that is above; Inf and NaN stay what they are.
template <int kLanes, bool kDivide>
[[gnu::always_inline]] inline void fake_quant_block(const FakeQuantLine& p, const float* x, float* y) {
  using Vector = Float<kLanes>;
  constexpr float kRound = 12582912.0f;
  const Vector low = broadcast<kLanes>(p.low), high = broadcast<kLanes>(p.high);
  const Vector value = load<kLanes>(x);
  const Vector below = high < value ? high : value;
  const Vector shifted = (below < low ? low : below) - low;
  const Vector exact = (kDivide ? shifted / p.rate : shifted * p.rate) - p.quant_zero + 0.5f;
  const Vector nearest = (exact + kRound) - kRound;
  store<kLanes>(y, (nearest > exact ? nearest - 1.0f : nearest) * p.scale);
}

template <int kLanes, bool kDivide>
void fake_quant(const FakeQuantLine& line, const float* x, float* y, int64_t elems) {
  const FakeQuantLine p = line;
  int64_t i = 0;
  for (; i + kLanes <= elems; i += kLanes) fake_quant_block<kLanes, kDivide>(p, x + i, y + i);
  for (; i < elems; ++i) fake_quant_block<1, kDivide>(p, x + i, y + i);
}

void pass_inside(float low, float high, const float* x, const float* dy, float* dx, int64_t elems) {
#pragma GCC ivdep
  for (int64_t i = 0; i < elems; ++i) {
    const float value = x[i], gradient = dy[i];
    const float above = value >= low ? gradient : 0.0f;
    dx[i] = value <= high ? above : 0.0f;
  }
}

void min_max(const float* x, int64_t elems, float* min, float* max) {
  constexpr int64_t kLanes = 64;
  float low[kLanes], high[kLanes];
  for (int64_t lane = 0; lane < kLanes; ++lane) low[lane] = high[lane] = x[0];
  int64_t i = 0;
  for (; i + kLanes <= elems; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const float value = x[i + lane];
      low[lane] = value < low[lane] ? value : low[lane];
      high[lane] = value > high[lane] ? value : high[lane];
    }
  }
  for (int64_t lane = 0; i < elems; ++i, ++lane) {
    low[lane] = x[i] < low[lane] ? x[i] : low[lane];
    high[lane] = x[i] > high[lane] ? x[i] : high[lane];
  }
  *min = low[0];
  *max = high[0];
  for (int64_t lane = 1; lane < kLanes; ++lane) {
    *min = low[lane] < *min ? low[lane] : *min;
    *max = high[lane] > *max ? high[lane] : *max;
  }
}

/// To the nearest whole number, ties to even, for |x| below 2^51.
[[gnu::always_inline]] inline double nearest(double x) {
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52
  return (x + kRound) - kRound;
}

[[gnu::always_inline]] inline double round_down(double x) {
  const double whole = nearest(x);
  return whole - (whole > x ? 1.0 : 0.0);
}

/// Requires: |x| + 1/2 is exact, which it is for multiples of 2^-30 below 2^22.
[[gnu::always_inline]] inline double round_half_away(double x) {
  return __builtin_copysign(round_down(__builtin_fabs(x) + 0.5), x);
}

template <bool kAverage>
void requantize(const RequantizeParams& params, int64_t rows, int64_t channels, const float* x, float* y) {
  const RequantizeParams p = params;
  for (int64_t row = 0; row < rows; ++row, x += channels, y += channels) {
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; ++c) {
      double sum = nearest(static_cast<double>(x[c]) * p.per_unit[c]);
      if (kAverage) sum = round_half_away(sum / p.divisor + p.offset) - p.offset;
      const double code = round_half_away(round_down(sum * p.factor[c] + 0.5) * p.grain[c]);
      const double above = code > p.low ? code : p.low;
      y[c] = static_cast<float>(above < p.high ? above : p.high) * p.scale;
    }
  }
}

void sgd(const SgdParams& params, const float* gradient, float* weights, float* velocity, int64_t elems) {
  const SgdParams p = params;
  if (p.momentum == 0.0f) {
#pragma GCC ivdep
    for (int64_t i = 0; i < elems; ++i) weights[i] -= p.rate * (p.gradient_scale * gradient[i] + p.weight_decay * weights[i]);
    return;
  }
#pragma GCC ivdep
  for (int64_t i = 0; i < elems; ++i) {
    const float step = p.rate * (p.gradient_scale * gradient[i] + p.weight_decay * weights[i]);
    const float fresh = p.momentum * velocity[i] - step;
    const float ahead = p.momentum * fresh - step;
    velocity[i] = fresh;
    weights[i] += p.nesterov ? ahead : fresh;
  }
}

void adam(const AdamParams& params, const float* gradient, float* weights, float* m, float* v, int64_t elems) {
  const AdamParams p = params;
  const float fresh1 = 1.0f - p.beta1, fresh2 = 1.0f - p.beta2;
#pragma GCC ivdep
  for (int64_t i = 0; i < elems; ++i) {
    const float g = p.gradient_scale * gradient[i] + p.weight_decay * weights[i];
    const float first = m[i] + (g - m[i]) * fresh1;
    const float second = v[i] + (g * g - v[i]) * fresh2;
    m[i] = first;
    v[i] = second;
    const float decayed = weights[i] - p.decoupled_decay * weights[i];
    weights[i] = decayed - p.corrected_rate * first / (__builtin_sqrtf(second) + p.epsilon);
  }
}

template <int kLanes>
constexpr Loops make_loops(const char* name) {
  return {.name = name,
          .relu_forward = relu_forward,
          .relu6_forward = relu6_forward,
          .relu_backward = relu_backward,
          .relu6_backward = relu6_backward,
          .add_forward = add_forward,
          .accumulate = accumulate,
          .column_sums = column_sums,
          .column_products = column_products,
          .scale_columns = scale_columns,
          .combine_columns = combine_columns,
          .normalize = normalize<kLanes>,
          .normalized_gradient = normalized_gradient<kLanes>,
          .mask_and_reduce = mask_and_reduce<false>,
          .mask_reduce_and_scale = mask_and_reduce<true>,
          .fake_quant_divide = fake_quant<kLanes, true>,
          .fake_quant_multiply = fake_quant<kLanes, false>,
          .pass_inside = pass_inside,
          .min_max = min_max,
          .requantize = requantize<false>,
          .requantize_average = requantize<true>,
          .sgd = sgd,
          .adam = adam};
}

}  // namespace
}  // namespace liteqat::kernels::train
