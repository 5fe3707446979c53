#include "stats/mcnemar_limit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "stats/images_needed.h"

namespace liteqat::stats {
namespace {

/// Two-sided exact p by adding binomial terms.
double exact_p(int64_t wins, int64_t losses) {
  const auto n = static_cast<double>(wins + losses);
  double tail = 0;
  for (int64_t i = 0; i <= std::min(wins, losses); ++i) {
    const auto x = static_cast<double>(i);
    tail += std::exp(std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1) - n * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

TEST(LargestSignificantDiscordance, IsTheLastOneBelowAlpha) {
  for (int64_t net = 0; net <= 120; net += 3) {
    const auto found = largest_significant_discordance(5000 + net, 5000, 10000, 0.05);
    if (net < 6) {  // 5:0 has p = 0.0625
      EXPECT_EQ(found, std::nullopt) << net;
      continue;
    }
    ASSERT_TRUE(found) << net;
    const int64_t losses = (*found - net) / 2;
    EXPECT_LT(exact_p(net + losses, losses), 0.05) << net;
    EXPECT_GE(exact_p(net + losses + 1, losses + 1), 0.05) << net;
  }
}

TEST(LargestSignificantDiscordance, StaysWithinWhatTheCountsAllow) {
  // 9,990 against 9,900: at most 10 images can be wrong in the better model alone.
  EXPECT_EQ(largest_significant_discordance(9990, 9900, 10000, 0.05), 90 + 2 * 10);
  EXPECT_EQ(largest_significant_discordance(9900, 9990, 10000, 0.05), 110);
}

// Sample sizes for 80 % power, two-sided 5 %: Machin et al., Sample Size Tables for Clinical Studies, 3rd ed., and pwr.2p.test in R agree
// with the formula on 0.5 against 0.6: 388 per group.
TEST(ImagesNeeded, PublishedValue) {
  EXPECT_EQ(images_needed_unpaired(0.5, 0.6, 0.05, 0.8), 388);
  EXPECT_EQ(images_needed_unpaired(0.6, 0.5, 0.05, 0.8), 388);
  EXPECT_EQ(images_needed_unpaired(0.7, 0.7, 0.05, 0.8), std::nullopt);
}

}  // namespace
}  // namespace liteqat::stats
