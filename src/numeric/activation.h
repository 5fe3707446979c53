// The activation functions that an operator can fuse, and their clamp in float and in quantized units.
#pragma once

#include <cstdint>

namespace liteqat::numeric {

enum class Activation { kNone, kRelu, kRelu6, kReluN1To1 };

const char* activation_name(Activation activation);

struct FloatClamp {
  float low, high;  // -inf / +inf where unbounded
};
FloatClamp float_clamp(Activation activation);
/// TFLite's CalculateActivationRange (tflite/kernels/kernel_util.h), for activations fused into an operator: unbounded sides end at the
/// largest finite values, so that infinity becomes those.
FloatClamp fused_float_clamp(Activation activation);

struct IntClamp {
  int32_t low, high;
};
/// TFLite's CalculateActivationRangeQuantized: zero_point + round_half_away(float(bound / scale)), cut to [type_min, type_max].
IntClamp quantized_clamp(Activation activation, float scale, int32_t zero_point, int32_t type_min, int32_t type_max);
/// XNNPACK's: bound / scale + zero_point in float32, cut to the type, rounded with ties to even.
IntClamp half_even_clamp(Activation activation, float scale, int32_t zero_point, int32_t type_min, int32_t type_max);

}  // namespace liteqat::numeric
