// The factors between quantized scales, each in the precision in which TFLite evaluates it (a wrong promotion changes about 1e-7
// relative, and now and then a code): tflite-int8.md 3.6 to 3.14. Scales are the float32 values stored in the file.
#pragma once

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

/// int8 to int8 or uint8 (QUANTIZE), and MEAN before its division: input / output in double.
inline double requantize_rescale(float input, float output) {
  return static_cast<double>(input) / static_cast<double>(output);
}

/// Stand-alone RELU and RELU6: the quotient in float32.
inline double activation_rescale(float input, float output) {
  return static_cast<double>(input / output);
}

/// ADD: both inputs to twice the larger scale, their sum to the output's.
struct AddRescale {
  Multiplier a, b, output;
};
inline constexpr int32_t kAddLeftShift = 20;
inline AddRescale add_rescale(float a, float b, float output) {
  const float twice_larger = 2.0f * (a > b ? a : b);
  const double twice = static_cast<double>(twice_larger);
  const float denominator = static_cast<float>(1 << kAddLeftShift) * output;
  return {quantize_multiplier(static_cast<double>(a) / twice), quantize_multiplier(static_cast<double>(b) / twice),
          quantize_multiplier(twice / static_cast<double>(denominator))};
}

}  // namespace liteqat::numeric
