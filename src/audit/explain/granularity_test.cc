#include "audit/explain/granularity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <random>
#include <string>

#include "base/format.h"

namespace liteqat::audit {
namespace {

Figure figure_of(const std::string& printed) {
  return read_figures("accuracy: " + printed).figures.at(0);
}

TEST(Granularity, OfTheFoundingFigures) {
  EXPECT_FALSE(numerators(figure_of("0.94462"), 10000));
  EXPECT_EQ(numerators(figure_of("0.94462"), 50000)->low, 47231);
  EXPECT_EQ(numerators(figure_of("0.94462"), 50000)->high, 47231);
  EXPECT_EQ(numerators(figure_of("0.94462"), 100000)->low, 94462);
  EXPECT_EQ(numerators(figure_of("0.744700014591217"), 10000)->low, 7447);
  EXPECT_EQ(numerators(figure_of("0.737500011920929"), 10000)->high, 7375);
}

TEST(Granularity, RangesOfCoarseDigits) {
  EXPECT_EQ(numerators(figure_of("85 %"), 500)->low, 423);  // 84.5 % is 422.5
  EXPECT_EQ(numerators(figure_of("85 %"), 500)->high, 427);
  EXPECT_EQ(numerators(figure_of("0.5"), 10)->low, 5);
  EXPECT_EQ(numerators(figure_of("0.5"), 100)->low, 45);  // exact ties count for both sides
  EXPECT_EQ(numerators(figure_of("0.5"), 100)->high, 55);
  EXPECT_FALSE(numerators(figure_of("0.5"), 3));
  EXPECT_EQ(numerators(figure_of("1.0000"), 10000)->high, 10000);
  EXPECT_EQ(numerators(figure_of("error rate: 0.2769"), 10000)->low, 7231);
  EXPECT_EQ(numerators(figure_of("7231/10000"), 10000)->low, 7231);
  EXPECT_EQ(numerators(figure_of("7231/10000"), 20000)->low, 14462);
  EXPECT_FALSE(numerators(figure_of("7231/10000"), 5000));
  EXPECT_FALSE(numerators(figure_of("1.02"), 10000));
}

/// Every way of printing k/n that logs show, by the C library: no such figure may be called impossible.
TEST(Granularity, NoCleanFigureIsImpossible) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 4000; ++round) {
    const int64_t n = 1 + static_cast<int64_t>(random() % (round % 2 ? 200 : 200000)), k = static_cast<int64_t>(random() % (n + 1));
    const double value = static_cast<double>(k) / static_cast<double>(n);
    const auto narrow = static_cast<float>(k) / static_cast<float>(n);
    const double widened = narrow;
    const std::string prints[] = {format("{}", value),        format("{}", widened),          format("{}", narrow),
                                  format("{:.17g}", value),   format("{:.4f}", value),        format("{:.2f}", value),
                                  format("{:.6f}", widened),  format("{:.2f}%", 100 * value), format("{:.4f}%", 100.0f * narrow),
                                  format("{}%", 100 * value), format("{}%", 100.0f * narrow), format("{:.3f} %", 100 * widened),
                                  format("{}/{}", k, n)};
    for (const std::string& printed : prints) {
      const Figure figure = figure_of(printed);
      const auto range = numerators(figure, n);
      ASSERT_TRUE(range) << printed << " is " << k << " of " << n;
      EXPECT_LE(range->low, k) << printed;
      EXPECT_GE(range->high, k) << printed;
    }
  }
}

/// Against trying every count: what sprintf prints for k/n, k = 0..n, is what the digits can mean, but for exact ties.
TEST(Granularity, AgreesWithTryingEveryCount) {
  for (const int64_t n : {1, 7, 100, 333, 1000, 2500}) {
    for (int step = 0; step <= 1000; step += 7) {
      char printed[16];
      std::snprintf(printed, sizeof printed, "%.3f", step / 1000.0);
      int64_t low = -1, high = -1;
      for (int64_t k = 0; k <= n; ++k) {
        char trial[16];
        std::snprintf(trial, sizeof trial, "%.3f", static_cast<double>(k) / static_cast<double>(n));
        const bool tie = (2000 * k) % n == 0 && (2000 * k / n) % 2 != 0 && std::abs(2000 * k - 2 * step * n) == n;
        if (std::string(trial) != printed && !tie) continue;
        if (low < 0) low = k;
        high = k;
      }
      const auto range = numerators(figure_of(printed), n);
      EXPECT_EQ(range ? range->low : -1, low) << printed << " of " << n;
      EXPECT_EQ(range ? range->high : -1, high) << printed << " of " << n;
    }
  }
}

}  // namespace
}  // namespace liteqat::audit
