// The intervals of intervals.h by simulation: how often do they hold the true proportion?
#include <gtest/gtest.h>

#include "base/rng.h"
#include "stats/intervals.h"

namespace liteqat::stats {
namespace {

struct Coverage {
  double wilson = 0, exact = 0;
};

Coverage simulate(int64_t total, double p, int trials, Rng& rng) {
  Coverage coverage;
  for (int trial = 0; trial < trials; ++trial) {
    int64_t correct = 0;
    for (int64_t i = 0; i < total; ++i) correct += rng.next_double() < p;
    const Bounds wilson = wilson_interval(correct, total, 0.95), exact = clopper_pearson_interval(correct, total, 0.95);
    coverage.wilson += wilson.low <= p && p <= wilson.high;
    coverage.exact += exact.low <= p && p <= exact.high;
  }
  coverage.wilson /= trials, coverage.exact /= trials;
  return coverage;
}

// 4000 trials: standard error 0.0034. Clopper-Pearson never covers less than stated; Wilson's coverage oscillates about 0.95, within two
// points for np >= 5 (Brown, Cai, DasGupta, Statistical Science 16 (2001) 101-133, figure 5).
TEST(Coverage, WilsonNearAndClopperPearsonAboveTheLevel) {
  Rng rng(1927);
  for (const double p : {0.1, 0.74, 0.95}) {
    for (const int64_t total : {100, 400}) {
      const Coverage coverage = simulate(total, p, 4000, rng);
      EXPECT_GT(coverage.exact, 0.95 - 4 * 0.0034) << p << " of " << total;
      EXPECT_NEAR(coverage.wilson, 0.95, 0.02 + 4 * 0.0034) << p << " of " << total;
    }
  }
}

}  // namespace
}  // namespace liteqat::stats
