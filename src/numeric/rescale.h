// The factors between quantized scales, each in the precision in which TFLite evaluates it (a wrong promotion changes about 1e-7
// relative, and now and then a code): tflite-int8.md 3.6 to 3.14. Scales are the float32 values stored in the file.
#pragma once

#include <cmath>
#include <optional>

#include "numeric/fixed_point.h"

namespace liteqat::numeric {

/// CONV_2D, DEPTHWISE_CONV_2D: input * weights / output in double.
inline double convolution_rescale(float input, float weights, float output) {
  return static_cast<double>(input) * static_cast<double>(weights) / static_cast<double>(output);
}

/// FULLY_CONNECTED of LiteRT's reference kernels from 2.20 on: the same product, applied in double without a fixed-point multiplier.
inline double fully_connected_rescale(float input, float weights, float output) {
  return convolution_rescale(input, weights, output);
}

/// FULLY_CONNECTED with one weight scale in TFLite to 2.19, and every weighted operator on uint8: the product in float32.
inline double float_product_rescale(float input, float weights, float output) {
  return static_cast<double>(input * weights) / static_cast<double>(output);
}

/// XNNPACK's weighted operators: float32 throughout.
inline float float_rescale(float input, float weights, float output) {
  return input * weights / output;
}

/// int8 to int8 or uint8 (QUANTIZE), and MEAN before its division: input / output in double.
inline double requantize_rescale(float input, float output) {
  return static_cast<double>(input) / static_cast<double>(output);
}

/// Stand-alone RELU and RELU6: the quotient in float32.
inline double activation_rescale(float input, float output) {
  return static_cast<double>(input / output);
}

/// LEAKY_RELU's negative side: the product and the quotient in float32.
inline double leaky_rescale(float input, float alpha, float output) {
  return static_cast<double>(input * alpha / output);
}

/// MUL, and PRELU's negative side: the product and the quotient in float32.
inline double product_rescale(float a, float b, float output) {
  return static_cast<double>(a * b / output);
}

/// ADD and SUB: both inputs to twice the larger scale, their sum to the output's.
struct AddRescale {
  Multiplier a, b, output;
};
inline constexpr int32_t kAddLeftShift = 20;       // 8-bit codes
inline constexpr int32_t kAddLeftShiftInt16 = 15;  // int16 codes
inline AddRescale add_rescale(float a, float b, float output, int32_t left_shift = kAddLeftShift) {
  const float twice_larger = 2.0f * (a > b ? a : b);
  const double twice = static_cast<double>(twice_larger);
  const float denominator = static_cast<float>(1 << left_shift) * output;
  return {quantize_multiplier(static_cast<double>(a) / twice), quantize_multiplier(static_cast<double>(b) / twice),
          quantize_multiplier(twice / static_cast<double>(denominator))};
}

/// The exponent of a scale that TFLite takes for a power of two: log2, in float32, within 1/1000 of an integer.
inline std::optional<int32_t> find_power_of_two(float scale) {
  const float exponent = std::log(scale) * (1.0f / std::log(2.0f));
  const float nearest = std::round(exponent);
  if (!(std::abs(exponent - nearest) < 1e-3f)) return std::nullopt;
  return static_cast<int32_t>(nearest);
}

}  // namespace liteqat::numeric
