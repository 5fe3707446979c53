// LOG_SOFTMAX and L2_NORMALIZATION over the last axis, as TFLite's reference kernels; a unit is a row. 8-bit is fixed point. Exact;
// float32 uses the C library's expf and logf and so equals TFLite's on the same one. May work in place.
#pragma once

#include <cstdint>

#include "kernels/kernel.h"
#include "numeric/fixed_point.h"

namespace liteqat::kernels::rows {

void log_softmax_float32(Range units, int32_t columns, const float* input, float* output);

struct LogSoftmaxParams {
  int32_t columns = 1;
  numeric::Multiplier multiplier;  // of a difference of codes, to Q5.26; shift 1 to 31
  numeric::Multiplier reverse;     // from Q5.26 to a difference of codes; shift <= 0
  int32_t diff_min = 0;            // differences below this count as exp() = 0
};
/// The output has scale 1/16 and the largest code as its zero point. T: int8_t, uint8_t. A sum of exponentials of 4096 or more (TFLite's
/// kernel overflows on it) counts as the largest below.
template <typename T>
void log_softmax(const LogSoftmaxParams& params, Range units, const T* input, T* output);

void l2_normalize_float32(Range units, int32_t columns, const float* input, float* output);

/// The output has scale 1/128 and zero point 0 or 128. A sum of squares of 2^31 or more (TFLite's kernel overflows on it) counts as
/// 2^31 - 1.
void l2_normalize_int8(Range units, int32_t columns, int32_t zero_point, const int8_t* input, int8_t* output);
void l2_normalize_uint8(Range units, int32_t columns, int32_t zero_point, const uint8_t* input, uint8_t* output);

}  // namespace liteqat::kernels::rows
