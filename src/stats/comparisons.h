// Tests for the difference between two proportions: paired (the same images) and unpaired. Pure functions on counts.
#pragma once

#include <cstdint>

namespace liteqat::stats {

/// Two-sided p of McNemar's exact conditional test: twice the smaller tail of Binomial(only_a + only_b, 1/2), at most 1; 1 when both are 0.
/// only_a, only_b: images that one model alone gets right. Requires: both >= 0.
/// Source: Fagerland, Lydersen, Laake, BMC Medical Research Methodology 13:91 (2013), equation 1 of the supplement.
double mcnemar_exact_p(int64_t only_a, int64_t only_b);

/// The same test's mid-p: the exact p less the probability of what was observed (1 - half of it when only_a == only_b). Source as above,
/// equation 2; less conservative than the exact test, which is why both are printed.
double mcnemar_mid_p(int64_t only_a, int64_t only_b);

struct ZTest {
  double z = 0;  // positive when a's proportion is larger
  double p = 1;  // two-sided
};

/// Pooled two-proportion z test for independent samples; its z squared is Pearson's chi-squared of the 2x2 table. z = 0 and p = 1 when
/// all or none are correct. Requires: 0 <= correct <= total, total > 0. Source: Agresti, Categorical Data Analysis, 3rd ed., section 3.3.
ZTest two_proportion_z(int64_t correct_a, int64_t total_a, int64_t correct_b, int64_t total_b);

}  // namespace liteqat::stats
