#include "numeric/fake_quant.h"

#include <algorithm>
#include <cmath>

namespace liteqat::numeric {
namespace {

constexpr float kQMax = 255.0f;
/// kNearZeroTolerance of tflite/converter/quantization/common/quantization_lib/quantization_utils.cc: narrower ranges are widened.
constexpr double kNarrowestRange = 1e-6;

}  // namespace

FakeQuantParams nudge_range(float min, float max, bool narrow) {
  FakeQuantParams params;
  if (min == 0.0f && max == 0.0f) {
    params.all_zero = true;
    return params;
  }
  const float qmin = narrow ? 1.0f : 0.0f;
  params.scale = (max - min) / (kQMax - qmin);
  params.inverse_scale = (kQMax - qmin) / (max - min);
  const float from_min = qmin - min / params.scale;
  float zero_point = qmin;
  if (from_min > kQMax) {
    zero_point = kQMax;
  } else if (from_min >= qmin) {
    zero_point = std::round(from_min);
  }
  params.nudged_min = (qmin - zero_point) * params.scale;
  params.nudged_max = (kQMax - zero_point) * params.scale;
  params.quant_zero = std::floor(-params.nudged_min * params.inverse_scale + 0.5f);
  return params;
}

float fake_quantize(float x, const FakeQuantParams& params) {
  if (params.all_zero) return 0.0f;
  const float shifted = std::max(std::min(x, params.nudged_max), params.nudged_min) - params.nudged_min;
  return std::floor(shifted / params.scale - params.quant_zero + 0.5f) * params.scale;
}

float fake_quantize_per_channel(float x, const FakeQuantParams& params) {
  if (params.all_zero) return 0.0f;
  const float shifted = std::max(std::min(x, params.nudged_max), params.nudged_min) - params.nudged_min;
  return std::floor(shifted * params.inverse_scale - params.quant_zero + 0.5f) * params.scale;
}

bool fake_quantize_passes(float x, const FakeQuantParams& params) {
  return params.all_zero || (x >= params.nudged_min && x <= params.nudged_max);
}

ConvertedParams converted_params(double min, double max, bool narrow) {
  if (max - min <= kNarrowestRange) {
    min = std::min(min, -kNarrowestRange / 2);
    max = std::max(max, kNarrowestRange / 2);
  }
  const double qmin = narrow ? 1 : 0;
  const double qmax = 255;
  const double scale = (max - min) / (qmax - qmin);
  if (!std::isfinite(scale) || scale <= 0) return {.scale = scale, .zero_point = 0};
  const double from_min = qmin - min / scale;
  const double from_max = qmax - max / scale;
  const bool min_is_nearer = std::abs(qmin) + std::abs(min / scale) < std::abs(qmax) + std::abs(max / scale);
  const double zero_point = std::clamp(min_is_nearer ? from_min : from_max, qmin, qmax);
  return {.scale = scale, .zero_point = static_cast<int32_t>(std::round(zero_point)) - 128};
}

int32_t quantize_value(double x, const ConvertedParams& params, int32_t low, int32_t high) {
  const double code = std::round(x / params.scale + params.zero_point);
  return static_cast<int32_t>(std::clamp(code, static_cast<double>(low), static_cast<double>(high)));
}

}  // namespace liteqat::numeric
