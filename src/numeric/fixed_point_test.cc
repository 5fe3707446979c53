#include "numeric/fixed_point.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/rng.h"
#include "numeric/rescale.h"

namespace liteqat::numeric {
namespace {

__extension__ typedef __int128 Product128;

Product128 floor_divide(Product128 a, Product128 b) {
  const Product128 quotient = a / b;
  return quotient * b > a ? quotient - 1 : quotient;
}

/// floor(a / b + 1/2): nearest, ties toward +infinity. Exact rational arithmetic.
Product128 nearest_ties_up(Product128 a, Product128 b) {
  return floor_divide(2 * a + b, 2 * b);
}

/// Nearest, ties away from zero.
Product128 nearest_ties_away(Product128 a, Product128 b) {
  return a >= 0 ? floor_divide(2 * a + b, 2 * b) : -floor_divide(-2 * a + b, 2 * b);
}

int32_t exact_mbqm(int32_t x, Multiplier multiplier) {
  const int32_t left = std::max(multiplier.shift, 0), right = std::max(-multiplier.shift, 0);
  const auto shifted = static_cast<int32_t>(static_cast<uint64_t>(x) << left);
  const Product128 high = nearest_ties_up(Product128{shifted} * multiplier.mantissa, Product128{1} << 31);
  return static_cast<int32_t>(nearest_ties_away(high, Product128{1} << right));
}

/// Ends, values around every power of two, and random ones.
std::vector<int32_t> interesting_values() {
  std::vector<int32_t> values = {0, INT32_MIN, INT32_MIN + 1, INT32_MAX, INT32_MAX - 1};
  for (int bit = 0; bit < 31; ++bit) {
    for (int32_t offset : {-1, 0, 1}) {
      values.push_back((1 << bit) + offset);
      values.push_back(-(1 << bit) + offset);
    }
  }
  Rng rng(1);
  for (int sample = 0; sample < 300; ++sample) values.push_back(static_cast<int32_t>(rng.next_u64()));
  return values;
}

TEST(QuantizeMultiplier, PublishedValues) {
  const struct {
    double value;
    Multiplier expected;
  } kCases[] = {{0.5, {1073741824, 0}},
                {1, {1073741824, 1}},
                {0.25, {1073741824, -1}},
                {1.5, {1610612736, 1}},
                {0.1, {1717986918, -3}},
                {3, {1610612736, 2}},
                {0.0003, {1319413953, -11}},
                {0x1p-31, {1 << 30, -30}},
                {0x1p-32, {1 << 30, -31}},
                {1e-10, {0, 0}},
                {0, {0, 0}},
                {1 - 0x1p-33, {1 << 30, 1}}};
  for (const auto& example : kCases) EXPECT_EQ(quantize_multiplier(example.value), example.expected) << example.value;
}

TEST(QuantizeMultiplier, WithinHalfAStepOfTheMantissa) {
  Rng rng(2);
  for (int sample = 0; sample < 20000; ++sample) {
    const double value = std::ldexp(0.5 + rng.next_double() / 2, static_cast<int>(rng.next_below(60)) - 30);
    const Multiplier multiplier = quantize_multiplier(value);
    ASSERT_GE(multiplier.mantissa, 1 << 30);
    const double step = std::ldexp(1.0, multiplier.shift - 31);
    ASSERT_LE(std::abs(multiplier.mantissa * step - value), step / 2) << value;
  }
}

TEST(Srdhm, EqualsExactRationalArithmetic) {
  const std::vector<int32_t> values = interesting_values();
  for (int32_t a : values) {
    for (int32_t b : values) {
      const Product128 exact = std::min<Product128>(nearest_ties_up(Product128{a} * b, Product128{1} << 31), INT32_MAX);
      ASSERT_EQ(srdhm(a, b), static_cast<int32_t>(exact)) << a << " * " << b;
    }
  }
}

TEST(RoundingDivideByPot, EqualsExactRationalArithmetic) {
  for (int32_t x : interesting_values()) {
    for (int exponent = 0; exponent <= 31; ++exponent) {
      ASSERT_EQ(rounding_divide_by_pot(x, exponent), static_cast<int32_t>(nearest_ties_away(x, Product128{1} << exponent)))
          << x << " / 2^" << exponent;
    }
  }
}

TEST(MultiplyByQuantizedMultiplier, PublishedValues) {
  constexpr int32_t kHalf = 1 << 30;
  const struct {
    int32_t x, shift, expected;
  } kCases[] = {{1, 0, 1},    {-1, 0, 0}, {3, 0, 2},    {-3, 0, -1}, {5, -1, 2},
                {-5, -1, -1}, {6, -1, 2}, {-6, -1, -2}, {2, -1, 1},  {-2, -1, -1}};
  for (const auto& example : kCases) {
    EXPECT_EQ(multiply_by_quantized_multiplier(example.x, {kHalf, example.shift}), example.expected) << example.x << " " << example.shift;
  }
  EXPECT_EQ(multiply_by_quantized_multiplier(1000, {1518500250, -4}), 44);
  EXPECT_EQ(multiply_by_quantized_multiplier(-1000, {1518500250, -4}), -44);
}

TEST(MultiplyByQuantizedMultiplier, EqualsTwoExactRoundings) {
  Rng rng(3);
  for (int32_t x : interesting_values()) {
    for (int32_t shift = -31; shift <= kMaxShift; ++shift) {
      const Multiplier multiplier = {static_cast<int32_t>((1u << 30) + rng.next_below(1u << 30)), shift};
      ASSERT_EQ(multiply_by_quantized_multiplier(x, multiplier), exact_mbqm(x, multiplier)) << x << " shift " << shift;
    }
  }
}

TEST(ExpOnNegative, WithinTheTaylorRemainder) {
  // Relative error of the polynomial: |x|^5 / 120 * e^(1/4) with |x| <= 1/8 is at most 3.3e-7. A result below 1 adds at most eight
  // roundings of 2^-32 each and the constants' own; 1e-8 covers them.
  EXPECT_EQ(exp_on_negative(0), INT32_MAX);
  for (int64_t a = -1; a > -(int64_t{31} << 26); a -= 1 + (a * -1) / 4096) {
    const double exact = std::exp(static_cast<double>(a) * 0x1p-26);
    ASSERT_NEAR(exp_on_negative(static_cast<int32_t>(a)) * 0x1p-31, exact, exact * 3.3e-7 + 1e-8) << a;
  }
}

TEST(OneOverOnePlusX, ConvergesToTheReciprocal) {
  // The start is within 1/17 relative; three Newton steps square that to 17^-8 = 1.5e-10. x is held in Q2.29, each step rounding three
  // times to 2^-29 or finer (4 * 2^-31 after the shift), only the last step's roundings persist: 8 * 2^-29 = 1.5e-8 covers them.
  for (int64_t a = 0; a < int64_t{1} << 31; a += 99991) {
    const double exact = 1.0 / (1.0 + static_cast<double>(a) * 0x1p-31);
    ASSERT_NEAR(one_over_one_plus_x(static_cast<int32_t>(a)) * 0x1p-31, exact, 1.5e-8) << a;
  }
  EXPECT_GE(one_over_one_plus_x(0), INT32_MAX - 16);
}

TEST(RoundingHalfSum, TiesGoAwayFromZero) {
  EXPECT_EQ(rounding_half_sum(1, 2), 2);
  EXPECT_EQ(rounding_half_sum(-1, -2), -2);
  EXPECT_EQ(rounding_half_sum(0, 1), 1);
  EXPECT_EQ(rounding_half_sum(-1, 0), -1);
  EXPECT_EQ(rounding_half_sum(-3, 3), 0);
  EXPECT_EQ(rounding_half_sum(5, 7), 6);
  EXPECT_EQ(rounding_half_sum(INT32_MAX, INT32_MAX), INT32_MAX);
  EXPECT_EQ(rounding_half_sum(INT32_MIN, INT32_MIN), INT32_MIN);
}

TEST(FloatProductRescale, IsRoundedBeforeTheDivision) {
  EXPECT_EQ(float_product_rescale(0.5f, 0.25f, 2.0f), 0.0625);
  EXPECT_EQ(float_product_rescale(0.1f, 0.1f, 1.0f), static_cast<double>(0.1f * 0.1f));
  EXPECT_EQ(float_product_rescale(0.1f, 0.1f, 3.0f), static_cast<double>(0.1f * 0.1f) / 3.0);
}

}  // namespace
}  // namespace liteqat::numeric
