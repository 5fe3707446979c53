// QUANTIZE and DEQUANTIZE between float32 (float16 as a source) and integer codes, as TFLite's reference kernels: float32 to integer
// divides in float32 and rounds half away; integer to integer rescales with two roundings; integer to float32 multiplies in double, or,
// with a scale per channel, in float32. Exact. A run computes a range of elements (kernels/broadcast.h).
//
// Where a quotient leaves the integers (TFLite's conversion is undefined there) codes saturate; NaN becomes the zero point.
#pragma once

#include <cstdint>
#include <vector>

#include "base/cpu.h"
#include "kernels/broadcast.h"
#include "numeric/fixed_point.h"
#include "numeric/tables.h"

namespace liteqat::kernels::quantize {

using numeric::Affine;

/// One scale and zero point for each slice of an axis; `inner` elements lie between one slice and the next.
struct Channels {
  std::vector<Affine> params;
  int64_t inner = 1;

  const Affine& of(int64_t element) const {
    return params[static_cast<std::size_t>(element / inner % static_cast<int64_t>(params.size()))];
  }
};

/// Code: int8_t, uint8_t, int16_t.
template <typename Code>
void quantize(Range elems, const Affine& output_params, const float* input, Code* output);
template <typename Code>
void quantize_per_channel(Range elems, const Channels& output_params, const float* input, Code* output);

/// Code: int8_t, uint8_t, int16_t; per channel not int16_t.
template <typename Code>
void dequantize(Range elems, const Affine& input_params, const Code* input, float* output);
template <typename Code>
void dequantize_per_channel(Range elems, const Channels& input_params, const Code* input, float* output);
/// IEEE 754 binary16, exact.
void dequantize_float16(Range elems, const uint16_t* input, float* output);

struct Requantize {
  numeric::Multiplier multiplier;  // input scale / output scale, shift <= numeric::kMaxShift
  int32_t input_zero_point = 0, output_zero_point = 0;
};
/// The output's code, held inside [low, high].
int32_t requantize_code(int32_t code, const Requantize& params, int32_t low, int32_t high);
/// From and To: the pairs that TFLite has (int8_t, uint8_t to all below 32 bits; int16_t to int8_t, int16_t, int32_t; int32_t to int8_t
/// and int16_t). 8-bit to 8-bit codes go through a table (kernels/lookup).
template <typename From, typename To>
void requantize(Range elems, const Requantize& params, const From* input, To* output);

/// quantize and dequantize of 8-bit codes, `count` neighbouring elements.
struct Kernels {
  const char* isa_name;  // the end of the kernels' names; the rest is the operator's
  Isa isa;
  void (*quantize_int8)(int64_t count, const Affine& output_params, const float* input, int8_t* output);
  void (*quantize_uint8)(int64_t count, const Affine& output_params, const float* input, uint8_t* output);
  void (*dequantize_int8)(int64_t count, const Affine& input_params, const int8_t* input, float* output);
  void (*dequantize_uint8)(int64_t count, const Affine& input_params, const uint8_t* input, float* output);
};
/// The strongest kernels that need no more than `isa`.
const Kernels& find_kernels(Isa isa);

}  // namespace liteqat::kernels::quantize
