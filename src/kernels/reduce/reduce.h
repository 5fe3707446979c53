// SUM, REDUCE_MAX and ARG_MAX of every type that TFLite has for them, and MEAN of those that kernels/mean lacks. The input is walked in
// memory order, every element is combined with its output. Exact.
//
// float32 sums start at 0, maxima at the lowest finite value (so that of nothing but -infinity is that value, and NaN is passed over), but
// where all axes are reduced both start at the first element, as in TFLite's reference kernel. int32 and int64 sums wrap around.
// Quantized sums: the real sum at the output's scale, (sum - count * zero point) times input scale / output scale as a fixed-point
// multiplier, plus the output's zero point. TFLite's reference kernel reads int8 and int16 as uint8 there; this does what is meant.
#pragma once

#include <cstdint>

#include "kernels/extents.h"
#include "kernels/mean/mean.h"
#include "numeric/fixed_point.h"

namespace liteqat::kernels::reduce {

using mean::Reduction;

/// T: float, int8_t, uint8_t, int16_t, int32_t, int64_t, bool.
template <typename T>
void maximum(const Reduction& reduction, const T* input, T* output);

/// T: float, int32_t, int64_t.
template <typename T>
void sum(const Reduction& reduction, const T* input, T* output);

struct QuantizedParams {
  Reduction reduction;
  numeric::Multiplier multiplier;
  int32_t input_zero_point = 0, output_zero_point = 0;
};
/// SUM or MEAN, told apart by the multiplier. T: int8_t, uint8_t, int16_t. scratch: int32 [output_elems].
template <typename T>
void sum_quantized(const QuantizedParams& params, const T* input, int32_t* scratch, T* output);

/// The truncated quotient of a 64-bit sum. T: int32_t, int64_t. scratch: int64 [output_elems].
template <typename T>
void mean_integer(const Reduction& reduction, const T* input, int64_t* scratch, T* output);

/// Positions [outer, axis, inner]; the first largest element counts; NaN is less than everything.
struct Rows {
  int64_t outer = 1, axis = 1, inner = 1;
};
/// T: float, int8_t, uint8_t, int32_t, bool. Index: int32_t, int64_t.
template <typename T, typename Index>
void arg_max(const Rows& rows, const T* input, Index* output);

}  // namespace liteqat::kernels::reduce
