// Intervals for a proportion k of n. Pure functions on numbers.
#pragma once

#include <cstdint>

namespace liteqat::stats {

struct Bounds {
  double low, high;
};

/// Wilson (1927) score interval. Requires: 0 <= correct <= total, total > 0, 0 < level < 1.
Bounds wilson_interval(int64_t correct, int64_t total, double level);

/// The same for a proportion of `total` images where neither is a count: an effective number of images. Requires: 0 <= proportion <= 1,
/// total > 0, 0 < level < 1.
Bounds wilson_interval_of(double proportion, double total, double level);

/// Clopper and Pearson (1934) exact interval, by quantiles of the beta distribution. Requires as above.
Bounds clopper_pearson_interval(int64_t correct, int64_t total, double level);

}  // namespace liteqat::stats
