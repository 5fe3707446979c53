#include "kernels/train/fake_quant.h"

#include <algorithm>

#include "kernels/train/loops/loops.h"

namespace liteqat::kernels::train {
namespace {

FakeQuantLine line_of(const numeric::FakeQuantParams& p, bool divide) {
  return {
      .low = p.nudged_min, .high = p.nudged_max, .rate = divide ? p.scale : p.inverse_scale, .quant_zero = p.quant_zero, .scale = p.scale};
}

}  // namespace

MinMax find_min_max(const float* x, int64_t elems) {
  MinMax found;
  loops().min_max(x, elems, &found.min, &found.max);
  return found;
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
  if (params.all_zero) {
    std::fill_n(y, elems, 0.0f);
  } else {
    loops().fake_quant_divide(line_of(params, true), x, y, elems);
  }
}

void fake_quant_backward(const numeric::FakeQuantParams& params, const float* x, const float* dy, float* dx, int64_t elems) {
  if (!params.all_zero) {
    loops().pass_inside(params.nudged_min, params.nudged_max, x, dy, dx, elems);
  } else if (dx != dy) {
    std::copy_n(dy, elems, dx);
  }
}

double fake_quant_step_gradient(const numeric::FakeQuantParams& params, const float* x, const float* y, const float* dy, int64_t elems) {
  if (params.all_zero) return 0;
  constexpr int64_t kLanes = 8;
  double lanes[kLanes] = {};
  const auto term = [&](int64_t i) {
    const float raw = x[i] > params.nudged_min && x[i] < params.nudged_max ? x[i] : 0.0f;
    return double{dy[i]} * double{y[i] - raw};
  };
  int64_t i = 0;
  for (; i + kLanes <= elems; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += term(i + lane);
  }
  double sum = 0;
  for (; i < elems; ++i) sum += term(i);
  for (double lane : lanes) sum += lane;
  return sum / double{params.scale};
}

void fake_quant_slices_forward(const numeric::FakeQuantParams* params, int64_t slices, int64_t slice_elems, const float* x, float* y) {
  for (int64_t slice = 0; slice < slices; ++slice) {
    const int64_t offset = slice * slice_elems;
    if (params[slice].all_zero) {
      std::fill_n(y + offset, slice_elems, 0.0f);
    } else {
      loops().fake_quant_multiply(line_of(params[slice], false), x + offset, y + offset, slice_elems);
    }
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
