#include "stats/paired_power.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "stats/comparisons.h"

namespace liteqat::stats {
namespace {

// Connor's formula evaluated by hand with the quantiles 1.959964 and 0.841621 of the normal table: gap 0.01, discordance 0.05:
// (1.959964 * 0.2236068 + 0.841621 * sqrt(0.0499))^2 / 0.0001 = (0.438261 + 0.188002)^2 / 0.0001 = 3922.05.
TEST(PairedPower, HandComputedExample) {
  EXPECT_EQ(paired_images_needed(0.01, 0.05, {}), 3923);
  EXPECT_EQ(paired_images_needed(0.0, 0.05, {}), std::nullopt);
  EXPECT_EQ(paired_images_needed(0.06, 0.05, {}), std::nullopt);
}

TEST(PairedPower, SmallestGapInvertsImagesNeeded) {
  for (const double discordance : {0.02, 0.1, 0.25}) {
    for (const int64_t total : {2000, 10000, 60000}) {
      const auto gap = smallest_paired_gap(total, discordance, {});
      ASSERT_TRUE(gap);
      const int64_t needed = *paired_images_needed(*gap, discordance, {});
      EXPECT_GE(needed, total - 1);
      EXPECT_LE(needed, total + 1);  // the ceiling
    }
  }
  EXPECT_EQ(smallest_paired_gap(20, 0.05, {}), std::nullopt);  // one discordant image proves nothing
}

// The promise itself, simulated: at the gap stated, McNemar's mid-p falls below 0.05 in about 80 % of the test sets. 3000 trials have a
// standard error of 0.0073; the normal approximation is good to two points at some 60 discordant images and more.
TEST(PairedPower, GapIsSeenAsOftenAsStated) {
  Rng rng(77);
  const double discordance = 0.1;
  const int64_t total = 2000;
  const double gap = *smallest_paired_gap(total, discordance, {});
  int seen = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    int64_t only_a = 0, only_b = 0;
    for (int64_t i = 0; i < total; ++i) {
      const double u = rng.next_double();
      only_a += u < (discordance + gap) / 2;
      only_b += u >= (discordance + gap) / 2 && u < discordance;
    }
    seen += mcnemar_mid_p(only_a, only_b) < 0.05;
  }
  EXPECT_NEAR(seen / 3000.0, 0.8, 0.02 + 4 * 0.0073);
}

}  // namespace
}  // namespace liteqat::stats
