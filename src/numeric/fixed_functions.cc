// The logarithm and the inverse square root of numeric/fixed_point.h. Sources: tflite/kernels/internal/common.h
// (log_x_for_x_greater_than_or_equal_to_1, GetInvSqrtQuantizedMultiplierExp).
#include <algorithm>
#include <bit>

#include "base/check.h"
#include "numeric/fixed_point.h"

namespace liteqat::numeric {
namespace {

constexpr int32_t kSqrtHalf = 1518500250;      // Q0.31
constexpr int32_t kSqrtSqrtHalf = 1805811301;  // Q0.31

int32_t wrapping_subtract(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
}

int32_t saturating_add(int32_t a, int32_t b) {
  return static_cast<int32_t>(std::clamp<int64_t>(int64_t{a} + b, INT32_MIN, INT32_MAX));
}

int32_t headroom_of(int32_t positive) {
  return std::countl_zero(static_cast<uint32_t>(positive));
}

/// A mantissa near 2^(-1/4) and the power of two that belongs to it, in Q6.25 and off by the quarter that makes both candidates comparable.
struct Reduced {
  int32_t mantissa;  // Q0.31
  int32_t exponent;  // Q6.25
};

constexpr int32_t kInputIntegerBits = 12, kExponentFractionBits = 25;
constexpr int32_t kQuarter = 1 << (kExponentFractionBits - 2);

Reduced reduce(int32_t a) {
  const int32_t a_headroom = headroom_of(a);
  const int32_t shifted = srdhm(saturating_shift_left(a, a_headroom - 1), kSqrtHalf);
  const int32_t by_root = srdhm(a, kSqrtHalf);
  const int32_t root_headroom = headroom_of(by_root) - 1;
  const int32_t first_exponent = saturating_add(saturating_shift_left(kInputIntegerBits - a_headroom, kExponentFractionBits), kQuarter);
  const int32_t second_exponent =
      saturating_add(saturating_shift_left(kInputIntegerBits - root_headroom, kExponentFractionBits), -kQuarter);
  return {.mantissa = std::min(saturating_shift_left(shifted, 1), saturating_shift_left(a, root_headroom)),
          .exponent = std::max(first_exponent, second_exponent)};
}

}  // namespace

int32_t log_of_at_least_one(int32_t a) {
  LITEQAT_CHECK(a >= 1 << 19);
  constexpr int32_t kLog2 = 1488522236;    // Q0.31, as all below
  constexpr int32_t kAlphaN = 117049297;   // 11/240 * 2^(1/4)
  constexpr int32_t kAlphaD = 127690142;   // 1/20 * 2^(1/4)
  constexpr int32_t kAlphaI = 1057819769;  // 2 / 2^(1/4) - 2^(1/4)
  constexpr int32_t kAlphaF = 638450708;   // 1/4 * 2^(1/4)
  const auto [r, exponent] = reduce(a);
  const int32_t p = rounding_half_sum(r, kSqrtSqrtHalf);
  const int32_t half_q = wrapping_subtract(r, kSqrtSqrtHalf);
  const int32_t q = wrapping_add(half_q, half_q);
  const int32_t q_squared = srdhm(q, q);
  const int32_t numerator = wrapping_add(srdhm(q, r), srdhm(srdhm(q, q_squared), kAlphaN));
  const int32_t inner = wrapping_add(wrapping_add(kAlphaI, q), srdhm(kAlphaD, q_squared));
  const int32_t denominator_minus_one = wrapping_add(srdhm(p, inner), srdhm(kAlphaF, q));
  const int32_t quotient = srdhm(rounding_divide_by_pot(numerator, 6), one_over_one_plus_x(denominator_minus_one));  // Q6.25
  return saturating_shift_left(wrapping_add(srdhm(exponent, kLog2), quotient), 1);
}

Multiplier inverse_sqrt(int32_t x) {
  LITEQAT_CHECK(x >= 0);
  if (x <= 1) return {.mantissa = INT32_MAX, .shift = 0};
  int32_t right_shift = 11;
  for (; x >= 1 << 29; x /= 4) ++right_shift;
  const int32_t pairs = (headroom_of(x) - 1) / 2 - 1;
  right_shift -= pairs;
  const int32_t input = (x << 2 * pairs) >> 1;  // Q3.28, in [1/4, 1)
  const int32_t half_input = rounding_divide_by_pot(input, 1);
  constexpr int32_t kOneAndHalf = (1 << 28) + (1 << 27);
  int32_t root = 1 << 28;
  for (int step = 0; step < 5; ++step) {
    const int32_t cube = saturating_shift_left(srdhm(srdhm(root, root), root), 6);
    root = saturating_shift_left(wrapping_subtract(srdhm(kOneAndHalf, root), srdhm(half_input, cube)), 3);
  }
  root = srdhm(root, kSqrtHalf);
  if (right_shift < 0) return {.mantissa = wrapping_shift_left(root, -right_shift), .shift = 0};
  return {.mantissa = root, .shift = -right_shift};
}

}  // namespace liteqat::numeric
