#include <algorithm>
#include <limits>

#include "kernels/cast/cast.h"
#include "kernels/quantize/quantize.h"
#include "numeric/rounding.h"

namespace liteqat::kernels::quantize {
namespace {

template <typename Code>
Code to_code(float value, const Affine& params) {
  constexpr int32_t kLow = std::numeric_limits<Code>::min(), kHigh = std::numeric_limits<Code>::max();
  const int64_t rounded = numeric::round_half_away(static_cast<double>(value / params.scale));
  return static_cast<Code>(numeric::clamp_to_int(rounded + params.zero_point, kLow, kHigh));
}

}  // namespace

template <typename Code>
void quantize(Range elems, const Affine& output_params, const float* input, Code* output) {
  for (int64_t index = elems.begin; index < elems.end; ++index) output[index] = to_code<Code>(input[index], output_params);
}
template void quantize(Range, const Affine&, const float*, int8_t*);
template void quantize(Range, const Affine&, const float*, uint8_t*);
template void quantize(Range, const Affine&, const float*, int16_t*);

template <typename Code>
void quantize_per_channel(Range elems, const Channels& output_params, const float* input, Code* output) {
  for (int64_t index = elems.begin; index < elems.end; ++index) output[index] = to_code<Code>(input[index], output_params.of(index));
}
template void quantize_per_channel(Range, const Channels&, const float*, int8_t*);
template void quantize_per_channel(Range, const Channels&, const float*, uint8_t*);
template void quantize_per_channel(Range, const Channels&, const float*, int16_t*);

template <typename Code>
void dequantize(Range elems, const Affine& input_params, const Code* input, float* output) {
  const double scale = input_params.scale;
  for (int64_t index = elems.begin; index < elems.end; ++index) {
    output[index] = static_cast<float>(scale * (input[index] - input_params.zero_point));
  }
}
template void dequantize(Range, const Affine&, const int8_t*, float*);
template void dequantize(Range, const Affine&, const uint8_t*, float*);
template void dequantize(Range, const Affine&, const int16_t*, float*);

template <typename Code>
void dequantize_per_channel(Range elems, const Channels& input_params, const Code* input, float* output) {
  for (int64_t index = elems.begin; index < elems.end; ++index) {
    const Affine& params = input_params.of(index);
    output[index] = params.scale * static_cast<float>(input[index] - params.zero_point);
  }
}
template void dequantize_per_channel(Range, const Channels&, const int8_t*, float*);
template void dequantize_per_channel(Range, const Channels&, const uint8_t*, float*);

void dequantize_float16(Range elems, const uint16_t* input, float* output) {
  std::transform(input + elems.begin, input + elems.end, output + elems.begin, cast::widen_float16);
}

int32_t requantize_code(int32_t code, const Requantize& params, int32_t low, int32_t high) {
  const int32_t scaled = numeric::multiply_by_quantized_multiplier(code - params.input_zero_point, params.multiplier);
  return std::clamp(numeric::wrapping_add(scaled, params.output_zero_point), low, high);
}

template <typename From, typename To>
void requantize(Range elems, const Requantize& params, const From* input, To* output) {
  constexpr int32_t kLow = std::numeric_limits<To>::min(), kHigh = std::numeric_limits<To>::max();
  for (int64_t index = elems.begin; index < elems.end; ++index) {
    output[index] = static_cast<To>(requantize_code(input[index], params, kLow, kHigh));
  }
}
template void requantize(Range, const Requantize&, const int8_t*, int16_t*);
template void requantize(Range, const Requantize&, const uint8_t*, int16_t*);
template void requantize(Range, const Requantize&, const int16_t*, int8_t*);
template void requantize(Range, const Requantize&, const int16_t*, int16_t*);
template void requantize(Range, const Requantize&, const int16_t*, int32_t*);
template void requantize(Range, const Requantize&, const int32_t*, int8_t*);
template void requantize(Range, const Requantize&, const int32_t*, int16_t*);

}  // namespace liteqat::kernels::quantize
