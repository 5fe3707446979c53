// Integer stand-ins for real multiplication, as TFLite's reference kernels compute them: a positive real factor becomes a 31-bit
// mantissa and a power of two, and every product is rounded twice. This is the definition; each kernel is proved equal to it.
//
// Exact on every machine. Sources: tflite/kernels/internal/quantization_util.cc and common.h, gemmlowp fixedpoint/fixedpoint.h. The
// functions are forced inline, so that files built for one instruction set export none of them.
#pragma once

#include <cstdint>

namespace liteqat::numeric {

/// value = mantissa * 2^(shift - 31); mantissa in [2^30, 2^31), or 0 with shift 0.
struct Multiplier {
  int32_t mantissa = 0;
  int32_t shift = 0;
  bool operator==(const Multiplier&) const = default;
};

/// Shifts above this overflow any accumulator other than 0; callers that take scales from a file refuse them.
inline constexpr int32_t kMaxShift = 30;
/// The same for 64-bit accumulators (requantize.h): TFLite's kernels assert it.
inline constexpr int32_t kMaxWideShift = 7;

/// Mantissa rounded half away; values below 2^-32 become 0. Requires: value finite and >= 0.
Multiplier quantize_multiplier(double value);

/// a + b modulo 2^32, as accumulators behave.
[[gnu::always_inline]] inline int32_t wrapping_add(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

/// a * 2^exponent modulo 2^32. Requires: 0 <= exponent <= 31.
[[gnu::always_inline]] inline int32_t wrapping_shift_left(int32_t a, int32_t exponent) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) << exponent);
}

/// "Saturating rounding doubling high multiplication": a * b / 2^31 to nearest, ties toward +infinity; -2^31 * -2^31 gives 2^31 - 1.
[[gnu::always_inline]] inline int32_t srdhm(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  return static_cast<int32_t>((int64_t{a} * b + (int64_t{1} << 30)) >> 31);
}

/// x / 2^exponent to nearest, ties away from zero. Requires: 0 <= exponent <= 31.
[[gnu::always_inline]] inline int32_t rounding_divide_by_pot(int32_t x, int32_t exponent) {
  const int32_t mask = static_cast<int32_t>((int64_t{1} << exponent) - 1);
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

/// x times the multiplier, rounded twice ("MBQM" of tflite-int8.md 3.2). Requires: multiplier.shift in [-31, kMaxShift].
[[gnu::always_inline]] inline int32_t multiply_by_quantized_multiplier(int32_t x, Multiplier multiplier) {
  const int32_t left = multiplier.shift > 0 ? multiplier.shift : 0;
  const int32_t right = multiplier.shift > 0 ? 0 : -multiplier.shift;
  return rounding_divide_by_pot(srdhm(wrapping_shift_left(x, left), multiplier.mantissa), right);
}

/// x * 2^exponent, held inside int32. Requires: 0 <= exponent <= 31.
[[gnu::always_inline]] inline int32_t saturating_shift_left(int32_t x, int32_t exponent) {
  const int64_t shifted = int64_t{x} * (int64_t{1} << exponent);
  return shifted > INT32_MAX ? INT32_MAX : shifted < INT32_MIN ? INT32_MIN : static_cast<int32_t>(shifted);
}

/// (a + b) / 2 to nearest, ties away from zero.
[[gnu::always_inline]] inline int32_t rounding_half_sum(int32_t a, int32_t b) {
  const int64_t sum = int64_t{a} + b;
  return static_cast<int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
}

/// exp(a / 2^26) as Q0.31, for a <= 0 (Q5.26); a == 0 gives 2^31 - 1.
int32_t exp_on_negative(int32_t a);

/// 1 / (1 + a / 2^31) as Q0.31, for a >= 0 (Q0.31), by three Newton-Raphson steps.
int32_t one_over_one_plus_x(int32_t a);

/// log(a / 2^19) as Q5.26, for a >= 2^19 (Q12.19), by a rational approximation around powers of two.
int32_t log_of_at_least_one(int32_t a);

/// 1 / sqrt(x) as a multiplier with shift <= 0, by five Newton-Raphson steps; 0 counts as 1. Requires: x >= 0.
Multiplier inverse_sqrt(int32_t x);

}  // namespace liteqat::numeric
