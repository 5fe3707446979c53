#include "stats/comparisons.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace liteqat::stats {
namespace {

// Airway hyper-responsiveness of 21 children before and after transplantation, discordant 1 and 7 (Bentur et al. 2009, table 1 of
// Fagerland, Lydersen, Laake 2013, who print 0.070 and 0.039). 2 (1 + 8) / 2^8 and that less 8 / 2^8 are exact in binary.
TEST(Mcnemar, PublishedExample) {
  EXPECT_DOUBLE_EQ(mcnemar_exact_p(1, 7), 18.0 / 256);
  EXPECT_DOUBLE_EQ(mcnemar_mid_p(1, 7), 10.0 / 256);
  EXPECT_DOUBLE_EQ(mcnemar_exact_p(7, 1), mcnemar_exact_p(1, 7));
}

/// Row n of Pascal's triangle in exact integers. Requires: n <= 60, so that the row's sum 2^n fits.
std::vector<int64_t> binomial_row(int64_t n) {
  std::vector<int64_t> row = {1};
  for (int64_t k = 1; k <= n; ++k) {
    row.push_back(1);
    for (int64_t j = k - 1; j > 0; --j) row[static_cast<size_t>(j)] += row[static_cast<size_t>(j - 1)];
  }
  return row;
}

TEST(Mcnemar, EveryTableOfFewDiscordantPairsAgainstExactIntegers) {
  for (int64_t n = 0; n <= 50; ++n) {
    const auto row = binomial_row(n);
    for (int64_t only_a = 0; only_a <= n; ++only_a) {
      const int64_t smaller = std::min(only_a, n - only_a);
      int64_t tail = 0;
      for (int64_t k = 0; k <= smaller; ++k) tail += row[static_cast<size_t>(k)];
      const double all = std::ldexp(1.0, static_cast<int>(n));
      const double exact = std::min(1.0, 2 * static_cast<double>(tail) / all);
      const double observed = static_cast<double>(row[static_cast<size_t>(smaller)]) / all;
      const double mid = 2 * only_a == n ? 1 - observed / 2 : exact - observed;
      // The library's incomplete beta is good to about 1e-14 relative (Boost.Math's tables); p is at most 1.
      EXPECT_NEAR(mcnemar_exact_p(only_a, n - only_a), exact, 1e-13) << only_a << " of " << n;
      EXPECT_NEAR(mcnemar_mid_p(only_a, n - only_a), mid, 1e-13) << only_a << " of " << n;
    }
  }
}

// The largest test set anyone compares: the exact p meets the normal approximation with continuity correction.
TEST(Mcnemar, LargeCountsStayFiniteAndNearTheNormalLimit) {
  const double n = 200000, smaller = 99500;
  const double z = (n / 2 - smaller - 0.5) / (std::sqrt(n) / 2);
  // Berry-Esseen for a fair coin bounds the error of one tail by 0.5 / sqrt(n) = 0.0011; the correction makes it far smaller.
  EXPECT_NEAR(mcnemar_exact_p(99500, 100500), std::erfc(z / std::sqrt(2.0)), 1e-5);
  EXPECT_EQ(mcnemar_exact_p(0, 5000), 0.0);  // 2^-4999 underflows
}

// Le, Introductory Biostatistics (2003), example 6.6: 11 of 61 against 35 of 238, z = 0.64. Agresti, Categorical Data Analysis, 3rd
// ed., table 2.3 (aspirin and heart attacks): 189 of 11034 against 104 of 11037, Pearson's chi-squared 25.01.
TEST(TwoProportionZ, PublishedExamples) {
  EXPECT_NEAR(two_proportion_z(11, 61, 35, 238).z, 0.64, 5e-3);  // two decimals printed
  const ZTest aspirin = two_proportion_z(189, 11034, 104, 11037);
  EXPECT_NEAR(aspirin.z * aspirin.z, 25.01, 5e-3);
  EXPECT_GT(aspirin.z, 0);
  EXPECT_LT(aspirin.p, 1e-6);
}

/// Pearson's statistic over the four cells, (observed - expected)^2 / expected.
double pearson(double a, double n_a, double b, double n_b) {
  const double share = (a + b) / (n_a + n_b);
  double sum = 0;
  for (const auto& [observed, expected] :
       {std::pair{a, n_a * share}, {n_a - a, n_a * (1 - share)}, {b, n_b * share}, {n_b - b, n_b * (1 - share)}}) {
    sum += (observed - expected) * (observed - expected) / expected;
  }
  return sum;
}

TEST(TwoProportionZ, SquareIsPearsonsChiSquared) {
  for (const int64_t total_a : {3, 50, 10000}) {
    for (const int64_t total_b : {2, 77, 60000}) {
      for (const int64_t correct_a : {int64_t{0}, total_a / 2, total_a - 1}) {
        const int64_t correct_b = total_b / 2;
        const double expected = pearson(static_cast<double>(correct_a), static_cast<double>(total_a), static_cast<double>(correct_b),
                                        static_cast<double>(total_b));
        const double z = two_proportion_z(correct_a, total_a, correct_b, total_b).z;
        // Both subtract numbers below 60000 that differ by at least 1e-3 of that: cancellation costs three of sixteen digits.
        EXPECT_NEAR(z * z, expected, 1e-11 * (1 + expected));
        EXPECT_DOUBLE_EQ(two_proportion_z(correct_b, total_b, correct_a, total_a).z, -z);
      }
    }
  }
}

TEST(TwoProportionZ, TwoSidedPAtTheQuantiles) {
  // 97.5 % quantile of the standard normal, 1.959964: 50 + d of 100 against 50 - d of 100 has z = 2 d / sqrt(50).
  const ZTest test = two_proportion_z(57, 100, 43, 100);
  EXPECT_NEAR(test.z, 14 / std::sqrt(50.0), 1e-12);
  EXPECT_NEAR(test.p, 0.0477, 5e-5);  // 2 (1 - Phi(1.979899)), tables
  EXPECT_DOUBLE_EQ(two_proportion_z(43, 100, 57, 100).p, test.p);
  EXPECT_EQ(two_proportion_z(0, 10, 0, 20).p, 1.0);
  EXPECT_EQ(two_proportion_z(10, 10, 20, 20).z, 0.0);
}

}  // namespace
}  // namespace liteqat::stats
