// From an accumulator to a code: the ways in which TFLite's kernels of different versions multiply by input scale * weight scale / output
// scale, add the zero point and clamp. Exact on every machine. Sources: tflite-int8.md 3.2, 3.3, 3.7 and 3.16.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "numeric/activation.h"
#include "numeric/fixed_point.h"
#include "numeric/rounding.h"

namespace liteqat::numeric {

enum class Requantization {
  kTwoRoundings,    // multiply_by_quantized_multiplier: every reference kernel but FULLY_CONNECTED's of 2.20 on
  kMantissa16,      // multiply_wide_by_quantized_multiplier: the same for 64-bit accumulators (16x8)
  kDoubleHalfAway,  // round_half_away(double(accumulator) * factor): LiteRT's FULLY_CONNECTED from 2.20 on
  kFloatHalfEven,   // XNNPACK: float32 product, clamped, then rounded with ties to even
};

/// What one output channel is multiplied by, in every form that a requantization may need.
struct Rescale {
  Multiplier multiplier{};
  double factor = 0;  // for kFloatHalfEven a float32 value
};

/// x times the multiplier cut to 15 bits, rounded once, ties toward +infinity. Requires: |x| < 2^47, shift in [-31, 7].
[[gnu::always_inline]] inline int64_t multiply_wide_by_quantized_multiplier(int64_t x, Multiplier multiplier) {
  const int64_t mantissa = multiplier.mantissa < 0x7fff0000 ? (multiplier.mantissa + (1 << 15)) >> 16 : 0x7fff;
  const int32_t shift = 15 - multiplier.shift;
  return (x * mantissa + (int64_t{1} << (shift - 1))) >> shift;
}

/// The nearest integer, ties to even. Requires: |value| < 2^22.
[[gnu::always_inline]] inline int32_t round_half_even(float value) {
  constexpr float kMagic = 12582912.0f;  // 1.5 * 2^23: float32 has unit steps from 2^23 to 2^24
  return std::bit_cast<int32_t>(value + kMagic) - std::bit_cast<int32_t>(kMagic);
}

/// The code of an accumulator. Requires: clamp inside [-2^16, 2^16]; for kTwoRoundings an accumulator of 32 bits.
[[gnu::always_inline]] inline int32_t requantize(Requantization requantization, int64_t accumulator, const Rescale& rescale,
                                                 int32_t zero_point, IntClamp clamp) {
  switch (requantization) {
    case Requantization::kTwoRoundings: {
      const int32_t scaled = multiply_by_quantized_multiplier(static_cast<int32_t>(accumulator), rescale.multiplier);
      return std::clamp(wrapping_add(scaled, zero_point), clamp.low, clamp.high);
    }
    case Requantization::kMantissa16:
      return clamp_to_int(multiply_wide_by_quantized_multiplier(accumulator, rescale.multiplier) + zero_point, clamp.low, clamp.high);
    case Requantization::kDoubleHalfAway:
      return clamp_to_int(round_half_away(static_cast<double>(accumulator) * rescale.factor) + zero_point, clamp.low, clamp.high);
    case Requantization::kFloatHalfEven: {
      const float product = static_cast<float>(accumulator) * static_cast<float>(rescale.factor);
      const auto low = static_cast<float>(clamp.low - zero_point), high = static_cast<float>(clamp.high - zero_point);
      return round_half_even(std::min(std::max(product, low), high)) + zero_point;
    }
  }
  return clamp.low;
}

}  // namespace liteqat::numeric
