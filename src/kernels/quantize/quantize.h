// QUANTIZE and DEQUANTIZE between float32 (float16 as a source), int8 and uint8, as TFLite's reference kernels: float32 to integer divides
// in float32 and rounds half away; integer to integer rescales with two roundings; integer to float32 multiplies in double. Exact.
//
// Where a quotient leaves the integers (TFLite's conversion is undefined there) codes saturate; NaN becomes the zero point.
#pragma once

#include <cstdint>

#include "numeric/fixed_point.h"

namespace liteqat::kernels::quantize {

struct Affine {
  float scale = 1;
  int32_t zero_point = 0;
};

void quantize_to_int8(int64_t count, const Affine& output_params, const float* input, int8_t* output);
void quantize_to_uint8(int64_t count, const Affine& output_params, const float* input, uint8_t* output);

void dequantize_int8(int64_t count, const Affine& input_params, const int8_t* input, float* output);
void dequantize_uint8(int64_t count, const Affine& input_params, const uint8_t* input, float* output);
/// IEEE 754 binary16, exact.
void dequantize_float16(int64_t count, const uint16_t* input, float* output);

struct Requantize {
  numeric::Multiplier multiplier;  // input scale / output scale, shift <= numeric::kMaxShift
  int32_t input_zero_point = 0, output_zero_point = 0;
};
void requantize_int8_to_int8(int64_t count, const Requantize& params, const int8_t* input, int8_t* output);
void requantize_int8_to_uint8(int64_t count, const Requantize& params, const int8_t* input, uint8_t* output);
void requantize_uint8_to_int8(int64_t count, const Requantize& params, const uint8_t* input, int8_t* output);

}  // namespace liteqat::kernels::quantize
