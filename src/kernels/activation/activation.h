// Stand-alone RELU and RELU6, float32 and int8. int8 rescales to the output's parameters with two roundings, then clamps. Exact; may work
// in place.
#pragma once

#include <cstdint>

#include "numeric/activation.h"
#include "numeric/fixed_point.h"

namespace liteqat::kernels::activation {

void clamp_float32(int64_t count, numeric::FloatClamp clamp, const float* input, float* output);

struct Int8Params {
  numeric::Multiplier multiplier;  // input scale / output scale, shift <= numeric::kMaxShift
  int32_t input_zero_point = 0, output_zero_point = 0;
  numeric::IntClamp clamp{};
};
void rescale_clamp_int8(int64_t count, const Int8Params& params, const int8_t* input, int8_t* output);

}  // namespace liteqat::kernels::activation
