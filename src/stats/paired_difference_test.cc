#include "stats/paired_difference.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace liteqat::stats {
namespace {

// Airway hyper-responsiveness of 21 children, discordant 1 and 7: Fagerland, Lydersen, Laake, Statistics in Medicine 33 (2014) 2850-2875,
// print -0.517 to -0.026 for Tango's interval.
TEST(Tango, PublishedExample) {
  const Bounds bounds = tango_interval({1, 7, 21}, 0.95);
  EXPECT_NEAR(bounds.low, -0.517, 5e-4);
  EXPECT_NEAR(bounds.high, -0.026, 5e-4);
}

TEST(Tango, SwappingTheModelsMirrorsTheInterval) {
  for (const PairedCounts& counts : {PairedCounts{0, 0, 7}, {3, 0, 9}, {80, 85, 10000}, {1038, 1506, 10000}, {5, 5, 10}, {9, 0, 9}}) {
    const Bounds forward = tango_interval(counts, 0.95);
    const Bounds mirrored = tango_interval({counts.only_b, counts.only_a, counts.total}, 0.95);
    EXPECT_NEAR(forward.low, -mirrored.high, 1e-11);  // the solver's tolerance is 2^-50 of the bracket
    EXPECT_NEAR(forward.high, -mirrored.low, 1e-11);
    const double observed = static_cast<double>(counts.only_a - counts.only_b) / static_cast<double>(counts.total);
    EXPECT_LE(forward.low, observed);
    EXPECT_GE(forward.high, observed);
  }
}

// Without a discordant pair the statistic is -sqrt(n d / (1 - d)): the bound is z^2 / (n + z^2).
TEST(Tango, NoDiscordantPairHasAClosedForm) {
  const double z2 = 1.959963984540054 * 1.959963984540054;
  for (const int64_t n : {1, 10, 10000}) {
    const double bound = z2 / (static_cast<double>(n) + z2);
    EXPECT_NEAR(tango_interval({0, 0, n}, 0.95).high, bound, 1e-12);
    EXPECT_NEAR(tango_interval({0, 0, n}, 0.95).low, -bound, 1e-12);
  }
}

TEST(Equivalence, FollowsTheMargin) {
  EXPECT_LT(equivalence_p({80, 85, 10000}, 0.01), 1e-10);      // 5 images of 10,000 apart, 165 discordant: well within a point
  EXPECT_GT(equivalence_p({1038, 1506, 10000}, 0.01), 0.999);  // 4.7 points apart
  EXPECT_GT(equivalence_p({0, 0, 20}, 0.01), 0.05);            // 20 images show nothing about one point
  EXPECT_LT(equivalence_p({0, 0, 20000}, 0.01), 1e-6);
  // At a gap of exactly the margin the test is at its boundary, a coin toss.
  EXPECT_NEAR(equivalence_p({200, 100, 10000}, 0.01), 0.5, 1e-12);
}

/// Draws the discordant counts of `total` images.
PairedCounts draw(Rng& rng, int64_t total, double only_a, double only_b) {
  PairedCounts counts = {.total = total};
  for (int64_t i = 0; i < total; ++i) {
    const double u = rng.next_double();
    counts.only_a += u < only_a;
    counts.only_b += u >= only_a && u < only_a + only_b;
  }
  return counts;
}

// 4000 simulated test sets each; the share covered has a standard error of sqrt(0.05 * 0.95 / 4000) = 0.0034. Tango's paper (table V)
// finds the score interval between 0.94 and 0.97 for these sizes; five standard errors are added.
TEST(Tango, CoversAsStated) {
  Rng rng(20260101);
  const struct {
    int64_t total;
    double only_a, only_b;
  } cases[] = {{100, 0.1, 0.1}, {200, 0.05, 0.02}, {500, 0.02, 0.01}};
  for (const auto& c : cases) {
    int covered = 0;
    for (int trial = 0; trial < 4000; ++trial) {
      const Bounds bounds = tango_interval(draw(rng, c.total, c.only_a, c.only_b), 0.95);
      covered += bounds.low <= c.only_a - c.only_b && c.only_a - c.only_b <= bounds.high;
    }
    EXPECT_GT(covered / 4000.0, 0.94 - 0.017) << c.total;
    EXPECT_LT(covered / 4000.0, 0.97 + 0.017) << c.total;
  }
}

}  // namespace
}  // namespace liteqat::stats
