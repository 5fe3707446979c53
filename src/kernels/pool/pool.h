// MAX_POOL_2D and AVERAGE_POOL_2D, float32 and int8, on NHWC; window.out_c == window.in_c. Averages count valid taps only. int8 works on
// raw codes (input and output share scale and zero point); its average rounds half away from zero. Exact. Output must not overlap input.
//
// Requires: every output has at least one valid tap, as SAME and VALID padding guarantee.
#pragma once

#include "kernels/window.h"
#include "numeric/activation.h"

namespace liteqat::kernels::pool {

void max_pool_float32(const Window& window, numeric::FloatClamp clamp, const float* input, float* output);
void max_pool_int8(const Window& window, numeric::IntClamp clamp, const int8_t* input, int8_t* output);

/// The sum runs over (ky, kx) ascending in float32 and is divided by the count.
void average_pool_float32(const Window& window, numeric::FloatClamp clamp, const float* input, float* output);
void average_pool_int8(const Window& window, numeric::IntClamp clamp, const int8_t* input, int8_t* output);

}  // namespace liteqat::kernels::pool
