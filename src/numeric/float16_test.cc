#include "numeric/float16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace liteqat::numeric {
namespace {

/// By IEEE 754's formula. Requires: a finite number.
double value_of(uint32_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

TEST(Float16, EveryNumberIsWidenedExactlyAndNarrowsBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float wide = widen_float16(half);
    if ((bits >> 10 & 31) == 31) {
      EXPECT_EQ(std::isnan(wide), (bits & 1023) != 0) << bits;
      EXPECT_EQ(std::isinf(wide), (bits & 1023) == 0) << bits;
    } else {
      ASSERT_EQ(static_cast<double>(wide), value_of(bits)) << bits;
    }
    EXPECT_EQ(std::signbit(wide), bits >= 0x8000) << bits;
    ASSERT_TRUE(std::isnan(wide) || narrow_float16(wide) == half) << bits;
  }
}

TEST(Float16, BetweenTwoNumbersTheNearerOneAndOnTiesTheEvenOne) {
  for (uint16_t low = 0; low < 0x7bff; ++low) {
    const auto high = static_cast<uint16_t>(low + 1);
    const auto middle = static_cast<float>((value_of(low) + value_of(high)) / 2);
    ASSERT_EQ(narrow_float16(middle), low % 2 == 0 ? low : high) << low;
    ASSERT_EQ(narrow_float16(std::nextafter(middle, 0.0f)), low) << low;
    ASSERT_EQ(narrow_float16(std::nextafter(middle, 1e9f)), high) << low;
    ASSERT_EQ(narrow_float16(-std::nextafter(middle, 1e9f)), high | 0x8000) << low;
  }
}

TEST(Float16, BeyondTheLargestInfinity) {
  EXPECT_EQ(narrow_float16(65519.996f), 0x7bff);
  EXPECT_EQ(narrow_float16(65520.0f), 0x7c00);
  EXPECT_EQ(narrow_float16(-65520.0f), 0xfc00);
  EXPECT_EQ(narrow_float16(std::numeric_limits<float>::infinity()), 0x7c00);
  EXPECT_EQ(narrow_float16(std::numeric_limits<float>::quiet_NaN()), 0x7e00);
}

}  // namespace
}  // namespace liteqat::numeric
