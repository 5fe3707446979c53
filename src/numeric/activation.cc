#include "numeric/activation.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace liteqat::numeric {
namespace {

/// zero_point + round_half_away(float(value / scale)); a quotient beyond the integers becomes the end of the range.
int32_t quantize_bound(float value, float scale, int32_t zero_point) {
  const double rounded = std::round(value / scale);
  constexpr double kLow = std::numeric_limits<int32_t>::min();
  constexpr double kHigh = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(std::clamp(rounded + zero_point, kLow, kHigh));
}

}  // namespace

const char* activation_name(Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return "NONE";
    case Activation::kRelu:
      return "RELU";
    case Activation::kRelu6:
      return "RELU6";
    case Activation::kReluN1To1:
      return "RELU_N1_TO_1";
  }
  return "unknown";
}

FloatClamp float_clamp(Activation activation) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation) {
    case Activation::kNone:
      break;
    case Activation::kRelu:
      return {0.0f, kInfinity};
    case Activation::kRelu6:
      return {0.0f, 6.0f};
    case Activation::kReluN1To1:
      return {-1.0f, 1.0f};
  }
  return {-kInfinity, kInfinity};
}

FloatClamp fused_float_clamp(Activation activation) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  const FloatClamp clamp = float_clamp(activation);
  return {std::max(clamp.low, -kLargest), std::min(clamp.high, kLargest)};
}

IntClamp quantized_clamp(Activation activation, float scale, int32_t zero_point, int32_t type_min, int32_t type_max) {
  const FloatClamp bounds = float_clamp(activation);
  IntClamp clamp = {type_min, type_max};
  if (std::isfinite(bounds.low)) clamp.low = std::max(type_min, quantize_bound(bounds.low, scale, zero_point));
  if (std::isfinite(bounds.high)) clamp.high = std::min(type_max, quantize_bound(bounds.high, scale, zero_point));
  return clamp;
}

IntClamp half_even_clamp(Activation activation, float scale, int32_t zero_point, int32_t type_min, int32_t type_max) {
  const FloatClamp bounds = float_clamp(activation);
  const auto low = static_cast<float>(type_min), high = static_cast<float>(type_max);
  const auto quantize = [&](float bound) {
    const float code = bound / scale + static_cast<float>(zero_point);
    return static_cast<int32_t>(std::nearbyint(std::min(std::max(code, low), high)));
  };
  return {.low = quantize(bounds.low), .high = quantize(bounds.high)};
}

}  // namespace liteqat::numeric
