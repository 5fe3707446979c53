#include "stats/clusters.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/rng.h"

namespace liteqat::stats {
namespace {

// Every picture shown k times with the same answer: the variance is that of the pictures alone, k times that of independent copies.
TEST(Clusters, IdenticalCopiesAddNothing) {
  std::vector<Cluster> once, thrice;
  for (int i = 0; i < 100; ++i) {
    once.push_back({i < 80, 1});
    thrice.push_back({i < 80 ? 3 : 0, 3});
  }
  const auto a = clustered_proportion(once, 0.95), b = clustered_proportion(thrice, 0.95);
  EXPECT_DOUBLE_EQ(a.value, 0.8);
  EXPECT_NEAR(a.interval.low, b.interval.low, 1e-12);
  EXPECT_NEAR(a.interval.high, b.interval.high, 1e-12);
  EXPECT_NEAR(a.design_effect, 100.0 / 99, 1e-12);
  EXPECT_NEAR(b.design_effect, 300.0 / 99, 1e-12);
}

// 2000 simulated sets of 300 pictures with three copies each whose answers share the picture's difficulty. The standard error of the share
// covered is sqrt(0.05 * 0.95 / 2000) = 0.0049; a normal interval on 300 clusters is good to about a point.
TEST(Clusters, CoversAsStated) {
  Rng rng(5);
  int covered = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<Cluster> clusters;
    for (int picture = 0; picture < 300; ++picture) {
      const double easy = rng.next_double() < 0.7 ? 0.95 : 0.3;  // mean 0.755
      Cluster cluster = {0, 3};
      for (int copy = 0; copy < 3; ++copy) cluster.correct += rng.next_double() < easy;
      clusters.push_back(cluster);
    }
    const Bounds bounds = clustered_proportion(clusters, 0.95).interval;
    covered += bounds.low <= 0.755 && 0.755 <= bounds.high;
  }
  EXPECT_NEAR(covered / 2000.0, 0.95, 0.01 + 4 * 0.0049);
}

}  // namespace
}  // namespace liteqat::stats
