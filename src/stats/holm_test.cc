#include "stats/holm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liteqat::stats {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;

// By hand: sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1 is 0.04, 0.06, 0.06, 0.04; the running maximum makes the last one 0.06.
TEST(Holm, HandComputedExample) {
  const double p[] = {0.04, 0.01, 0.03, 0.02};
  EXPECT_THAT(holm_adjusted(p), ElementsAre(DoubleEq(0.06), DoubleEq(0.04), DoubleEq(0.06), DoubleEq(0.06)));
}

TEST(Holm, StaysAProbabilityAndOneTestIsUnchanged) {
  const double many[] = {0.9, 0.8, 0.7};
  EXPECT_THAT(holm_adjusted(many), ElementsAre(1.0, 1.0, 1.0));
  const double one[] = {0.2};
  EXPECT_THAT(holm_adjusted(one), ElementsAre(0.2));
  EXPECT_TRUE(holm_adjusted({}).empty());
}

}  // namespace
}  // namespace liteqat::stats
