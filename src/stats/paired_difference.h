// The difference between two proportions measured on the same images: Tango's score interval and the equivalence test that belongs to it.
// Pure functions on counts. Source of all formulas: T. Tango, Equivalence test and confidence interval for the difference in proportions
// for the paired-sample design, Statistics in Medicine 17 (1998) 891-908, equations 11 to 17.
#pragma once

#include <cstdint>

#include "stats/intervals.h"

namespace liteqat::stats {

/// Images on which exactly one of two models is right, out of `total`. Requires: all >= 0, only_a + only_b <= total, total > 0.
struct PairedCounts {
  int64_t only_a = 0, only_b = 0, total = 0;
};

/// Score statistic for the hypothesis p_a - p_b = difference: standard normal under it, falling in `difference`.
/// Requires: -1 < difference < 1.
double paired_score(const PairedCounts& counts, double difference);

/// The differences p_a - p_b that the score test does not reject at 1 - level, within [-1, 1]. Requires: 0 < level < 1.
Bounds tango_interval(const PairedCounts& counts, double level);

/// TOST: the larger p of the two one-sided score tests of p_a - p_b <= -margin and p_a - p_b >= margin. Small: the models are equivalent
/// within the margin. Requires: 0 < margin < 1.
double equivalence_p(const PairedCounts& counts, double margin);

}  // namespace liteqat::stats
