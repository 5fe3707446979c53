#include "stats/intervals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace liteqat::stats {
namespace {

// Newcombe, Statistics in Medicine 17 (1998) 857-872, table I: 81/263, 15/148, 0/20, 1/29 at 95 %.
TEST(Wilson, PublishedValues) {
  const struct {
    int64_t correct, total;
    double low, high;
  } cases[] = {{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0.0, 0.1611}, {1, 29, 0.0061, 0.1718}};
  for (const auto& c : cases) {
    const Bounds bounds = wilson_interval(c.correct, c.total, 0.95);
    EXPECT_NEAR(bounds.low, c.low, 5e-5) << c.correct << "/" << c.total;  // the table prints four decimals
    EXPECT_NEAR(bounds.high, c.high, 5e-5) << c.correct << "/" << c.total;
  }
}

TEST(ClopperPearson, PublishedValues) {
  const struct {
    int64_t correct, total;
    double low, high;
  } cases[] = {{81, 263, 0.2527, 0.3676}, {15, 148, 0.0578, 0.1617}, {0, 20, 0.0, 0.1684}, {1, 29, 0.0009, 0.1776}};
  for (const auto& c : cases) {
    const Bounds bounds = clopper_pearson_interval(c.correct, c.total, 0.95);
    EXPECT_NEAR(bounds.low, c.low, 5e-5) << c.correct << "/" << c.total;
    EXPECT_NEAR(bounds.high, c.high, 5e-5) << c.correct << "/" << c.total;
  }
}

// The bounds are the proportions at which the score test's statistic equals z: solve (p - k/n)^2 = z^2 p (1 - p) / n.
TEST(Wilson, BoundsSolveTheScoreEquation) {
  const double z = 1.959963984540054;  // 97.5 % quantile of the standard normal
  for (const int64_t total : {1, 7, 100, 10000}) {
    for (int64_t correct = 1; correct < total; correct += std::max<int64_t>(1, total / 7)) {
      const Bounds bounds = wilson_interval(correct, total, 0.95);
      for (const double p : {bounds.low, bounds.high}) {
        const double distance = p - static_cast<double>(correct) / static_cast<double>(total);
        // Both sides are at most 1 and computed with a handful of roundings of 2^-53 each.
        EXPECT_NEAR(distance * distance, z * z * p * (1 - p) / static_cast<double>(total), 1e-14);
      }
    }
  }
}

/// P(X <= k) for X ~ Binomial(n, p), term by term.
double binomial_cdf(int64_t k, int64_t n, double p) {
  double sum = 0;
  for (int64_t i = 0; i <= k; ++i) {
    const auto x = static_cast<double>(i), size = static_cast<double>(n);
    sum += std::exp(std::lgamma(size + 1) - std::lgamma(x + 1) - std::lgamma(size - x + 1) + x * std::log(p) + (size - x) * std::log1p(-p));
  }
  return sum;
}

// By definition: with the lower bound as p, k or more happen with probability 2.5 %; with the upper one, k or fewer do.
TEST(ClopperPearson, BoundsCutOffTheTails) {
  for (const int64_t total : {1, 7, 100, 1000}) {
    for (int64_t correct = 0; correct <= total; correct += std::max<int64_t>(1, total / 7)) {
      const Bounds bounds = clopper_pearson_interval(correct, total, 0.95);
      // lgamma near 1000 is about 6000, its rounding 1e-12: the terms' relative error, and so the sum's.
      if (correct > 0) {
        EXPECT_NEAR(1 - binomial_cdf(correct - 1, total, bounds.low), 0.025, 1e-10) << correct << "/" << total;
      }
      if (correct < total) {
        EXPECT_NEAR(binomial_cdf(correct, total, bounds.high), 0.025, 1e-10) << correct << "/" << total;
      }
      if (correct == 0) {
        EXPECT_EQ(bounds.low, 0.0);
      }
      if (correct == total) {
        EXPECT_EQ(bounds.high, 1.0);
      }
    }
  }
}

TEST(Wilson, EndsStayInsideTheUnitInterval) {
  for (int64_t total = 1; total < 1000; ++total) {
    EXPECT_EQ(wilson_interval(0, total, 0.95).low, 0.0) << total;
    EXPECT_EQ(wilson_interval(total, total, 0.95).high, 1.0) << total;
  }
  EXPECT_LT(wilson_interval(5, 5, 0.95).low, 1.0);
  EXPECT_GT(wilson_interval(0, 5, 0.95).high, 0.0);
}

}  // namespace
}  // namespace liteqat::stats
