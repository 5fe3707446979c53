// Functions of one value. float32: RELU, RELU6, RELU_N1_TO_1 (clamps), LEAKY_RELU, ELU, HARD_SWISH, LOGISTIC, TANH. int16: the clamps and
// LEAKY_RELU with rescaling (two roundings), LOGISTIC and TANH by interpolation. 8-bit codes go through a table (kernels/lookup). Exact;
// float32 uses the C library's expf, expm1f and tanhf and so equals TFLite's on the same one. May work in place.
//
// A run computes a range of elements (kernels/broadcast.h).
#pragma once

#include <cstdint>

#include "kernels/broadcast.h"
#include "numeric/activation.h"
#include "numeric/fixed_point.h"
#include "numeric/tables.h"

namespace liteqat::kernels::activation {

void clamp_float32(Range elems, numeric::FloatClamp clamp, const float* input, float* output);
void leaky_relu_float32(Range elems, float alpha, const float* input, float* output);

/// One value of the others, as TFLite's reference kernels evaluate it.
float elu(float x);
float hard_swish(float x);
float logistic(float x);
float hyperbolic_tangent(float x);
/// output = function(input). Requires: one of the four above.
void map_float32(Range elems, float (*function)(float), const float* input, float* output);

struct ClampParams {
  numeric::Multiplier multiplier;  // input scale / output scale, shift <= numeric::kMaxShift
  int32_t input_zero_point = 0, output_zero_point = 0;
  numeric::IntClamp clamp{};
};
int32_t rescale_and_clamp(int32_t code, const ClampParams& params);
void rescale_clamp_int16(Range elems, const ClampParams& params, const int16_t* input, int16_t* output);

struct LeakyParams {
  numeric::Multiplier positive, negative;  // of codes above and below zero, shift <= numeric::kMaxShift
  bool negated = false;                    // alpha is below 0: `negative` is of -alpha
  int32_t input_zero_point = 0, output_zero_point = 0;
  numeric::IntClamp codes{};  // what the type holds
};
int32_t leaky_relu_code(int32_t code, const LeakyParams& params);
void leaky_relu_int16(Range elems, const LeakyParams& params, const int16_t* input, int16_t* output);

void logistic_int16(Range elems, const numeric::SigmoidStep& step, const int16_t* input, int16_t* output);
void tanh_int16(Range elems, const numeric::SigmoidStep& step, const int16_t* input, int16_t* output);

}  // namespace liteqat::kernels::activation
