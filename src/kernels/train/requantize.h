// Rounding in evaluation as a deployed integer operator rounds, on float values: quant/requantization.h says where the numbers come from.
#pragma once

#include <cstdint>

namespace liteqat::kernels::train {

/// The arrays have one entry per channel, the last axis.
struct RequantizeParams {
  const double* per_unit;  // 1 / unit
  const double* factor;    // factor * first
  const double* grain;     // 1 / first
  double divisor = 1, offset = 0;
  double low = 0, high = 0;  // the smallest and largest code, less the zero point
  float scale = 1;           // of the output
};

/// y = scale * clamp(half_away(floor(sum * factor + 1/2) * grain), low, high) with sum = nearest(x * per_unit), averaged first as
/// half_away(sum / divisor + offset) - offset. y may be x. Exact in double for |sum * factor| below 2^50.
void requantize_forward(const RequantizeParams& params, int64_t rows, int64_t channels, const float* x, float* y);

}  // namespace liteqat::kernels::train
