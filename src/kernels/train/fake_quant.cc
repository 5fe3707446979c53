#include "kernels/train/fake_quant.h"

#include <algorithm>

namespace liteqat::kernels::train {
namespace {

/// floor() for values that fit an int32, in operations every vector unit has; NaN stays NaN.
inline float floor_small(float value) {
  const float safe = value == value ? value : 0.0f;
  const auto truncated = static_cast<float>(static_cast<int32_t>(safe));
  const float floored = truncated > safe ? truncated - 1.0f : truncated;
  return value == value ? floored : value;
}

/// The formula of numeric::fake_quantize (kDivide) and numeric::fake_quantize_per_channel. |codes| <= 255 + 1, so floor_small holds.
template <bool kDivide>
inline float fake_quant_one(float x, float nudged_min, float nudged_max, float scale, float inverse, float quant_zero) {
  const float below = nudged_max < x ? nudged_max : x;
  const float shifted = (below < nudged_min ? nudged_min : below) - nudged_min;
  return floor_small((kDivide ? shifted / scale : shifted * inverse) - quant_zero + 0.5f) * scale;
}

template <bool kDivide>
void fake_quant_range(const numeric::FakeQuantParams& p, const float* x, float* y, int64_t elems) {
  if (p.all_zero) {
    std::fill_n(y, elems, 0.0f);
    return;
  }
  const float low = p.nudged_min, high = p.nudged_max, scale = p.scale, inverse = p.inverse_scale, zero = p.quant_zero;
  for (int64_t i = 0; i < elems; ++i) y[i] = fake_quant_one<kDivide>(x[i], low, high, scale, inverse, zero);
}

}  // namespace

MinMax find_min_max(const float* x, int64_t elems) {
  constexpr int64_t kLanes = 16;
  float low[kLanes], high[kLanes];
  std::fill_n(low, kLanes, x[0]);
  std::fill_n(high, kLanes, x[0]);
  int64_t i = 0;
  for (; i + kLanes <= elems; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      low[lane] = x[i + lane] < low[lane] ? x[i + lane] : low[lane];
      high[lane] = x[i + lane] > high[lane] ? x[i + lane] : high[lane];
    }
  }
  for (; i < elems; ++i) {
    low[0] = std::min(low[0], x[i]);
    high[0] = std::max(high[0], x[i]);
  }
  return {*std::min_element(low, low + kLanes), *std::max_element(high, high + kLanes)};
}

void find_min_max_by_column(int64_t rows, int64_t channels, const float* x, float* min, float* max) {
  std::copy_n(x, channels, min);
  std::copy_n(x, channels, max);
  for (int64_t row = 1; row < rows; ++row) {
    const float* values = x + row * channels;
    for (int64_t c = 0; c < channels; ++c) {
      min[c] = values[c] < min[c] ? values[c] : min[c];
      max[c] = values[c] > max[c] ? values[c] : max[c];
    }
  }
}

void fake_quant_forward(const numeric::FakeQuantParams& params, const float* x, float* y, int64_t elems) {
  fake_quant_range<true>(params, x, y, elems);
}

void fake_quant_backward(const numeric::FakeQuantParams& params, const float* x, const float* dy, float* dx, int64_t elems) {
  if (params.all_zero) {
    if (dx != dy) std::copy_n(dy, elems, dx);
    return;
  }
  const float low = params.nudged_min, high = params.nudged_max;
  for (int64_t i = 0; i < elems; ++i) {
    const float above = x[i] >= low ? dy[i] : 0.0f;
    dx[i] = x[i] <= high ? above : 0.0f;
  }
}

void fake_quant_slices_forward(const numeric::FakeQuantParams* params, int64_t slices, int64_t slice_elems, const float* x, float* y) {
  for (int64_t slice = 0; slice < slices; ++slice) {
    fake_quant_range<false>(params[slice], x + slice * slice_elems, y + slice * slice_elems, slice_elems);
  }
}

void fake_quant_slices_backward(const numeric::FakeQuantParams* params, int64_t slices, int64_t slice_elems, const float* x,
                                const float* dy, float* dx) {
  for (int64_t slice = 0; slice < slices; ++slice) {
    const int64_t offset = slice * slice_elems;
    fake_quant_backward(params[slice], x + offset, dy + offset, dx + offset, slice_elems);
  }
}

void fake_quant_columns_forward(const numeric::FakeQuantParams* params, int64_t rows, int64_t channels, const float* x, float* y) {
  for (int64_t i = 0; i < rows * channels; ++i) y[i] = numeric::fake_quantize_per_channel(x[i], params[i % channels]);
}

void fake_quant_columns_backward(const numeric::FakeQuantParams* params, int64_t rows, int64_t channels, const float* x, const float* dy,
                                 float* dx) {
  for (int64_t i = 0; i < rows * channels; ++i) dx[i] = numeric::fake_quantize_passes(x[i], params[i % channels]) ? dy[i] : 0.0f;
}

}  // namespace liteqat::kernels::train
