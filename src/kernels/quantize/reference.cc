#include <algorithm>
#include <bit>
#include <limits>

#include "kernels/quantize/quantize.h"
#include "numeric/rounding.h"

namespace liteqat::kernels::quantize {
namespace {

template <typename Code>
void quantize(int64_t count, const Affine& output_params, const float* input, Code* output) {
  constexpr int32_t kLow = std::numeric_limits<Code>::min(), kHigh = std::numeric_limits<Code>::max();
  for (int64_t index = 0; index < count; ++index) {
    const int64_t rounded = numeric::round_half_away(static_cast<double>(input[index] / output_params.scale));
    output[index] = static_cast<Code>(numeric::clamp_to_int(rounded + output_params.zero_point, kLow, kHigh));
  }
}

template <typename Code>
void dequantize(int64_t count, const Affine& input_params, const Code* input, float* output) {
  const double scale = input_params.scale;
  for (int64_t index = 0; index < count; ++index) output[index] = static_cast<float>(scale * (input[index] - input_params.zero_point));
}

template <typename From, typename To>
void requantize(int64_t count, const Requantize& params, const From* input, To* output) {
  constexpr int32_t kLow = std::numeric_limits<To>::min(), kHigh = std::numeric_limits<To>::max();
  for (int64_t index = 0; index < count; ++index) {
    const int32_t scaled = numeric::multiply_by_quantized_multiplier(input[index] - params.input_zero_point, params.multiplier);
    output[index] = static_cast<To>(std::clamp(numeric::wrapping_add(scaled, params.output_zero_point), kLow, kHigh));
  }
}

float widen_float16(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 0x1fu, fraction = bits & 0x3ffu;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13);
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float magnitude = static_cast<float>(fraction) * 0x1p-24f;  // zero and subnormals
  return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
}

}  // namespace

void quantize_to_int8(int64_t count, const Affine& output_params, const float* input, int8_t* output) {
  quantize(count, output_params, input, output);
}
void quantize_to_uint8(int64_t count, const Affine& output_params, const float* input, uint8_t* output) {
  quantize(count, output_params, input, output);
}
void dequantize_int8(int64_t count, const Affine& input_params, const int8_t* input, float* output) {
  dequantize(count, input_params, input, output);
}
void dequantize_uint8(int64_t count, const Affine& input_params, const uint8_t* input, float* output) {
  dequantize(count, input_params, input, output);
}
void dequantize_float16(int64_t count, const uint16_t* input, float* output) {
  std::transform(input, input + count, output, widen_float16);
}
void requantize_int8_to_int8(int64_t count, const Requantize& params, const int8_t* input, int8_t* output) {
  requantize(count, params, input, output);
}
void requantize_int8_to_uint8(int64_t count, const Requantize& params, const int8_t* input, uint8_t* output) {
  requantize(count, params, input, output);
}
void requantize_uint8_to_int8(int64_t count, const Requantize& params, const uint8_t* input, int8_t* output) {
  requantize(count, params, input, output);
}

}  // namespace liteqat::kernels::quantize
