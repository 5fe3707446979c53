// The logarithm and inverse square root of numeric/fixed_point.h against the real functions.
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "numeric/fixed_point.h"

namespace liteqat::numeric {
namespace {

TEST(LogOfAtLeastOne, NearTheRealLogarithm) {
  // The rational approximation is good to about 2^-25 on its interval, and exponent * log(2) is rounded to 2^-25 (Q6.25): 2^-24 absolute,
  // shown here with a factor of 4 for the accumulated fixed-point roundings.
  Rng rng(1);
  for (int sample = 0; sample < 200000; ++sample) {
    const double scale = std::ldexp(1.0 + rng.next_double(), 19 + static_cast<int>(rng.next_below(12)));
    const auto a = static_cast<int32_t>(std::min(scale, 2147483647.0));
    const double expected = std::log(std::ldexp(static_cast<double>(a), -19));
    ASSERT_NEAR(std::ldexp(static_cast<double>(log_of_at_least_one(a)), -26), expected, 0x1p-22) << a;
  }
}

TEST(LogOfAtLeastOne, Ends) {
  EXPECT_NEAR(log_of_at_least_one(1 << 19), 0, 1 << 4);
  EXPECT_NEAR(std::ldexp(static_cast<double>(log_of_at_least_one(INT32_MAX)), -26), 12 * std::log(2.0), 0x1p-22);
}

double real_value(const Multiplier& multiplier) {
  return std::ldexp(static_cast<double>(multiplier.mantissa), multiplier.shift - 31);
}

TEST(InverseSqrt, NearTheRealFunction) {
  // A Newton step takes the relative error e to -(3/2 e^2 + 1/2 e^3). From 1 at the input 1/4 it starts at -1/2 and is -1.25e-6 after five;
  // the roundings in Q3.28 add less than 2^-24.
  Rng rng(2);
  for (int sample = 0; sample < 200000; ++sample) {
    const auto x = static_cast<int32_t>(rng.next_u64() >> (33 + rng.next_below(29)));
    if (x <= 1) continue;
    const Multiplier multiplier = inverse_sqrt(x);
    const double expected = 1 / std::sqrt(static_cast<double>(x));
    ASSERT_LE(multiplier.shift, 0);
    ASSERT_NEAR(real_value(multiplier), expected, expected * (1.25e-6 + 0x1p-24)) << x;
  }
}

TEST(InverseSqrt, NothingCountsAsOne) {
  EXPECT_EQ(inverse_sqrt(0), (Multiplier{.mantissa = INT32_MAX, .shift = 0}));
  EXPECT_EQ(inverse_sqrt(1), (Multiplier{.mantissa = INT32_MAX, .shift = 0}));
}

}  // namespace
}  // namespace liteqat::numeric
