#include "kernels/cast/cast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::cast {
namespace {

template <typename To, typename From>
std::vector<To> cast_all(const std::vector<From>& input) {
  std::vector<To> output(input.size());
  cast({0, static_cast<int64_t>(input.size())}, input.data(), output.data());
  return output;
}

TEST(Cast, FloatTowardZeroAndHeld) {
  const std::vector<float> x = {1.9f, -1.9f, 127.9f, 128.0f, -128.9f, 1e20f, -1e20f, INFINITY, -INFINITY, NAN};
  EXPECT_EQ((cast_all<int8_t>(x)), (std::vector<int8_t>{1, -1, 127, 127, -128, 127, -128, 127, -128, 127}));
  EXPECT_EQ((cast_all<uint8_t>(x)), (std::vector<uint8_t>{1, 0, 127, 128, 0, 255, 0, 255, 0, 255}));
  constexpr int32_t kMax = INT32_MAX, kMin = INT32_MIN;
  EXPECT_EQ((cast_all<int32_t>(x)), (std::vector<int32_t>{1, -1, 127, 128, -128, kMax, kMin, kMax, kMin, kMax}));
  EXPECT_EQ((cast_all<int64_t>(std::vector<float>{0x1p62f, 0x1p63f, -0x1p63f})),
            (std::vector<int64_t>{int64_t{1} << 62, INT64_MAX, INT64_MIN}));
}

TEST(Cast, IntegersWrap) {
  const std::vector<int32_t> x = {300, -129, 65536, -1};
  EXPECT_EQ((cast_all<int8_t>(x)), (std::vector<int8_t>{44, 127, 0, -1}));
  EXPECT_EQ((cast_all<uint8_t>(x)), (std::vector<uint8_t>{44, 127, 0, 255}));
  EXPECT_EQ((cast_all<float>(x)), (std::vector<float>{300, -129, 65536, -1}));
}

TEST(Cast, EveryFloat16ThereAndBack) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = widen_float16(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(widen_float16(narrow_float16(value))));
    } else {
      ASSERT_EQ(narrow_float16(value), bits);
    }
  }
}

TEST(Cast, Float16RoundsToTheNearestEven) {
  Rng rng(1);
  for (int sample = 0; sample < 200000; ++sample) {
    const float x = std::ldexp(1.0f + rng.next_float(), kernels::testing::random_between(rng, -27, 16));
    const uint16_t bits = narrow_float16(x);
    if (std::isinf(widen_float16(bits))) {
      ASSERT_GE(x, 65520.0f);
      continue;
    }
    const double error = std::abs(static_cast<double>(widen_float16(bits)) - static_cast<double>(x));
    const double below =
        bits == 0 ? INFINITY : std::abs(static_cast<double>(widen_float16(static_cast<uint16_t>(bits - 1))) - static_cast<double>(x));
    const double above = std::abs(static_cast<double>(widen_float16(static_cast<uint16_t>(bits + 1))) - static_cast<double>(x));
    ASSERT_LE(error, std::min(below, above));
    if (error == std::min(below, above)) {
      ASSERT_EQ(bits & 1, 0) << x;
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::cast
