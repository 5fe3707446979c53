#include "base/checked.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace liteqat {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
__extension__ using Wide = __int128;

TEST(Checked, EqualsWideArithmeticAtTheExtremes) {
  const std::vector<int64_t> values = {kMin, kMin + 1, -(int64_t{1} << 32), -3,         -1,         0,        1,
                                       2,    7,        int64_t{1} << 31,    3037000499, 3037000500, kMax - 1, kMax};
  const auto expected = [](Wide wide) { return wide < kMin || wide > kMax ? std::nullopt : std::optional(static_cast<int64_t>(wide)); };
  for (int64_t a : values) {
    for (int64_t b : values) {
      EXPECT_EQ(checked_add(a, b), expected(static_cast<Wide>(a) + b)) << a << " + " << b;
      EXPECT_EQ(checked_mul(a, b), expected(static_cast<Wide>(a) * b)) << a << " * " << b;
    }
  }
}

template <typename Int>
std::optional<int64_t> product(const std::vector<Int>& extents) {
  return checked_product(std::span<const Int>(extents));
}

TEST(Checked, ProductOfExtents) {
  EXPECT_EQ(product<int32_t>({}), 1);
  EXPECT_EQ(product<int32_t>({2, 3, 5}), 30);
  EXPECT_EQ(product<int32_t>({1 << 30, 1 << 30, 8}), std::nullopt);
  EXPECT_EQ(product<int32_t>({1 << 30, 1 << 30, 4}), int64_t{1} << 62);
  EXPECT_EQ(product<int64_t>({kMax, 1}), kMax);
  EXPECT_EQ(product<int64_t>({kMax, 2}), std::nullopt);
  EXPECT_EQ(product<int32_t>({2, -1}), std::nullopt);
  EXPECT_EQ(product<int32_t>({0, -1}), std::nullopt);
  EXPECT_EQ(product<int32_t>({0, 5}), 0);
}

}  // namespace
}  // namespace liteqat
