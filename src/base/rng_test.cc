#include "base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

namespace liteqat {
namespace {

// Golden values: SplitMix64 written a second time in Python with unbounded integers.
TEST(Rng, GoldenValues) {
  EXPECT_EQ(mix_seed(0, 0), 0x48218226ff3cd4bfu);
  EXPECT_EQ(mix_seed(1, 0), 0xdce423fc82c0d5b8u);
  EXPECT_EQ(mix_seed(0, 1), 0xa706dd2f4d197e6fu);
  EXPECT_EQ(mix_seed(42, 7), 0x32028f50341ebd74u);
  Rng zero(0);
  for (uint64_t expected : {0x568a9b0b1a2c05ecu, 0x44e5b8b147ef718bu, 0x458563ab55521133u, 0x7aec644539b6c0f9u}) {
    EXPECT_EQ(zero.next_u64(), expected);
  }
  Rng other(1, 2);
  for (uint64_t expected : {0x9edbe9bd18ad781du, 0x7d8e67d8f2af75d5u, 0x76e36d629cae6121u, 0x8e1e6eacaa45f47fu}) {
    EXPECT_EQ(other.next_u64(), expected);
  }
  Rng largest(~uint64_t{0}, ~uint64_t{0});
  EXPECT_EQ(largest.next_u64(), 0xf6b403db449b1a4cu);
}

TEST(Rng, GoldenFractionsBoundsAndShuffle) {
  Rng floats(5, 6);
  for (double top_bits : {5757379.0, 10477330.0, 14084967.0}) EXPECT_EQ(static_cast<double>(floats.next_float()), top_bits / 16777216.0);
  Rng doubles(5, 6);
  for (double top_bits : {3090969580626591.0, 5624974223699387.0, 7561809117280981.0}) {
    EXPECT_EQ(doubles.next_double(), top_bits / 9007199254740992.0);
  }
  Rng below(5, 6);
  for (uint32_t expected : {3u, 6u, 8u, 7u, 5u, 2u, 5u, 6u}) EXPECT_EQ(below.next_below(10), expected);
  for (uint32_t expected : {97276489u, 631040978u, 971512398u, 2619299492u, 959494211u}) EXPECT_EQ(below.next_below(0xC0000001u), expected);
  Rng shuffled(3);
  std::vector<int> items = {0, 1, 2, 3, 4, 5, 6, 7};
  shuffled.shuffle(std::span(items));
  EXPECT_EQ(items, (std::vector<int>{0, 7, 1, 2, 4, 3, 6, 5}));
}

TEST(Rng, StreamsAndSeedsDiffer) {
  std::vector<uint64_t> first;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    for (uint64_t stream = 0; stream < 30; ++stream) first.push_back(Rng(seed, stream).next_u64());
  }
  std::sort(first.begin(), first.end());
  EXPECT_EQ(std::adjacent_find(first.begin(), first.end()), first.end());
}

// Counts of n = 70000 draws in 7 cells: standard deviation sqrt(n p (1 - p)) = 93; six of them are exceeded once in 5e8 cells.
TEST(Rng, BelowIsUniformAndInRange) {
  Rng rng(11);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) {
    const uint32_t value = rng.next_below(7);
    ASSERT_LT(value, 7u);
    ++counts[value];
  }
  for (int count : counts) EXPECT_NEAR(count, 10000, 6 * 93);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(rng.next_below(1), 0u);
}

// Mean 1/2 and variance 1/12 of n = 1e5 uniform draws: the mean's standard deviation is sqrt(1 / 12 / n) = 9.1e-4, six of them 5.5e-3.
TEST(Rng, FractionsStayBelowOneAndAverageOneHalf) {
  Rng rng(12);
  double floats = 0, doubles = 0;
  for (int i = 0; i < 100000; ++i) {
    const float f = rng.next_float();
    const double d = rng.next_double();
    ASSERT_TRUE(f >= 0.0f && f < 1.0f && d >= 0.0 && d < 1.0);
    floats += static_cast<double>(f), doubles += d;
  }
  EXPECT_NEAR(floats / 1e5, 0.5, 5.5e-3);
  EXPECT_NEAR(doubles / 1e5, 0.5, 5.5e-3);
}

// n = 1e5 normal draws: standard deviation of the mean 3.2e-3, of the second moment sqrt(2 / n) = 4.5e-3, of the share within one
// standard deviation sqrt(0.68 * 0.32 / n) = 1.5e-3; six of each.
TEST(Rng, NormalHasItsMoments) {
  Rng rng(13);
  double sum = 0, squares = 0, inside = 0;
  for (int i = 0; i < 100000; ++i) {
    const double value = rng.next_normal();
    ASSERT_TRUE(std::isfinite(value));
    sum += value, squares += value * value, inside += std::abs(value) < 1.0;
  }
  EXPECT_NEAR(sum / 1e5, 0.0, 0.019);
  EXPECT_NEAR(squares / 1e5, 1.0, 0.027);
  EXPECT_NEAR(inside / 1e5, 0.682689, 0.009);
}

// Every position receives every item about equally often: 24000 shuffles of 4 items, standard deviation of a count 67; six of them.
TEST(Rng, ShuffleIsAFairPermutation) {
  Rng rng(14);
  std::array<std::array<int, 4>, 4> counts{};
  for (int i = 0; i < 24000; ++i) {
    std::array<size_t, 4> items = {0, 1, 2, 3};
    rng.shuffle(std::span<size_t>(items));
    for (size_t position = 0; position < 4; ++position) ++counts[position][items[position]];
    std::sort(items.begin(), items.end());
    ASSERT_EQ(items, (std::array<size_t, 4>{0, 1, 2, 3}));
  }
  for (const auto& row : counts) {
    for (int count : row) EXPECT_NEAR(count, 6000, 6 * 67);
  }
}

TEST(RngDeathTest, BoundZeroAborts) {
  Rng rng(1);
  EXPECT_DEATH(rng.next_below(0), "bound > 0");
}

}  // namespace
}  // namespace liteqat
