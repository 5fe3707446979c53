// ADD, float32 and int8, with broadcasting: output = clamp(a + b), extents of 1 stretched. int8 as TFLite's reference kernel: both
// operands are brought to a common scale 2^20 finer, added and rescaled, each step rounded twice. Exact. output may be a or b only if no
// operand is broadcast.
#pragma once

#include "kernels/broadcast.h"
#include "numeric/activation.h"
#include "numeric/rescale.h"

namespace liteqat::kernels::add {

/// Computes the output elements of the range.
void add_float32(const Broadcast& broadcast, numeric::FloatClamp clamp, Range elems, const float* a, const float* b, float* output);

struct Int8Params {
  Broadcast broadcast;
  numeric::AddRescale rescale;  // all shifts <= 0
  int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  numeric::IntClamp clamp{};
};
void add_int8(const Int8Params& params, const int8_t* a, const int8_t* b, int8_t* output);

}  // namespace liteqat::kernels::add
