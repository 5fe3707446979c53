#include "numeric/hard_swish.h"

#include <algorithm>

#include "numeric/fixed_point.h"

namespace liteqat::numeric {
namespace {

int16_t hold(int64_t value) {
  return static_cast<int16_t>(std::clamp<int64_t>(value, INT16_MIN, INT16_MAX));
}

/// a * b / 2^15 to nearest, ties up. Requires: not both -2^15 (mantissas are positive).
int16_t rounded_high_product(int16_t a, int16_t b) {
  return static_cast<int16_t>((int32_t{a} * b + (1 << 14)) >> 15);
}

/// x / 2^exponent to nearest, ties away, in 16-bit arithmetic: beyond 15 its mask is all ones, which gives 1 for x >= 0 and -1 below.
int16_t divide_by_pot(int16_t x, int32_t exponent) {
  const auto mask = static_cast<int16_t>((int64_t{1} << exponent) - 1);
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return static_cast<int16_t>((x >> exponent) + ((x & mask) > threshold ? 1 : 0));
}

Multiplier16 narrow(const Multiplier& multiplier) {
  constexpr int64_t kHalf = 1 << 15;
  return {.mantissa = hold((multiplier.mantissa + kHalf) >> 16), .shift = multiplier.shift};
}

/// The input between -3 and 3 as -2^15 to 2^15, saturating outside.
int16_t rescale_reluish(int16_t value, const Multiplier16& multiplier) {
  if (multiplier.shift > 0) value = hold(int64_t{value} * (int64_t{1} << (multiplier.shift - 1)));
  value = rounded_high_product(value, multiplier.mantissa);
  if (multiplier.shift > 0) value = hold(int64_t{value} * 2);
  return multiplier.shift < 0 ? divide_by_pot(value, -multiplier.shift) : value;
}

}  // namespace

HardSwish make_hard_swish(const Affine& input, const Affine& output) {
  const float fine_scale = 1.0f / 128.0f * input.scale;
  constexpr float kReluishScale = 3.0f / 32768.0f;
  return {.to_output = narrow(quantize_multiplier(static_cast<double>(fine_scale / output.scale))),
          .to_reluish = narrow(quantize_multiplier(static_cast<double>(fine_scale / kReluishScale))),
          .input_zero_point = input.zero_point,
          .output_zero_point = output.zero_point};
}

int32_t hard_swish_code(int32_t code, const HardSwish& params, int32_t low, int32_t high) {
  const auto fine = static_cast<int16_t>((code - params.input_zero_point) * 128);
  const int16_t on_output_scale = rounded_high_product(fine, params.to_output.mantissa);
  const int32_t reluish = (rescale_reluish(fine, params.to_reluish) + (1 << 15)) >> 1;
  const auto product = static_cast<int16_t>(reluish * on_output_scale / (1 << 15));
  return std::clamp(divide_by_pot(product, -params.to_output.shift) + params.output_zero_point, low, high);
}

}  // namespace liteqat::numeric
