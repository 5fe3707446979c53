#include "stats/clusters.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"

namespace liteqat::stats {
namespace {

// Every picture shown k times with the same answer: they say as much as the pictures alone.
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
  EXPECT_NEAR(a.design_effect, 100.0 / 99, 1e-12);  // m / (m - 1)
  EXPECT_NEAR(b.design_effect, 300.0 / 99, 1e-12);
  EXPECT_NEAR(b.effective_total, 99, 1e-9);
}

// All right: the interval of the pictures alone, wider only by Student's t in place of z.
TEST(Clusters, WhereAllAreRightCopiesCountAsNothing) {
  const std::vector<Cluster> clusters(40, {6, 6});
  const auto all = clustered_proportion(clusters, 0.95);
  EXPECT_DOUBLE_EQ(all.effective_total, 40);
  EXPECT_EQ(all.interval.high, 1);
  EXPECT_LT(all.interval.low, wilson_interval(40, 40, 0.95).low);
  EXPECT_GT(all.interval.low, wilson_interval(36, 36, 0.95).low);  // 40 (1.96 / 2.02)^2 = 37.6
}

// Half of every cluster right: no variance between clusters, but copies are never worth more than images.
TEST(Clusters, CopiesAreNeverBetterThanImages) {
  const std::vector<Cluster> clusters(50, {2, 4});
  EXPECT_DOUBLE_EQ(clustered_proportion(clusters, 0.95).effective_total, 200);
}

/// Pictures of two difficulties (70 % easy); a picture's copies share its difficulty, and nothing else.
struct World {
  double easy = 0.95, hard = 0.3;
  double mean() const { return 0.7 * easy + 0.3 * hard; }
  double draw(Rng& rng) const { return rng.next_double() < 0.7 ? easy : hard; }
};

double coverage_of_proportion(const World& world, int pictures, int copies, int trials, Rng& rng) {
  int covered = 0;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<Cluster> clusters;
    for (int picture = 0; picture < pictures; ++picture) {
      const double p = world.draw(rng);
      Cluster cluster = {0, copies};
      for (int copy = 0; copy < copies; ++copy) cluster.sum += rng.next_double() < p;
      clusters.push_back(cluster);
    }
    const Bounds bounds = clustered_proportion(clusters, 0.95).interval;
    covered += bounds.low <= world.mean() && world.mean() <= bounds.high;
  }
  return static_cast<double>(covered) / trials;
}

// 3000 simulated sets each: the standard error of the share covered is sqrt(0.05 * 0.95 / 3000) = 0.004. Beyond four of them the
// method may miss the level by the point or two by which Wilson's interval itself does at such numbers (coverage_test.cc).
TEST(Clusters, IntervalCoversAsStated) {
  Rng rng(5);
  const World worlds[] = {{}, {.easy = 0.99, .hard = 0.85}, {.easy = 1, .hard = 0}};  // the last: copies are identical in all but name
  for (const World& world : worlds) {
    for (const int pictures : {40, 300}) {
      const double coverage = coverage_of_proportion(world, pictures, 6, 3000, rng);
      EXPECT_NEAR(coverage, 0.95, 0.02 + 4 * 0.004) << world.easy << " " << world.hard << ", " << pictures << " pictures";
    }
  }
}

// The interval that takes copies for images, on the same kind of sets: what the clusters are for.
TEST(Clusters, TakingCopiesForImagesCoversTooLittle) {
  Rng rng(6);
  const World world = {.easy = 1, .hard = 0};
  int covered = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    int64_t right = 0;
    for (int picture = 0; picture < 100; ++picture) right += 6 * (rng.next_double() < world.draw(rng));
    const Bounds bounds = wilson_interval(right, 600, 0.95);
    covered += bounds.low <= world.mean() && world.mean() <= bounds.high;
  }
  // Six identical copies make the interval 1 / sqrt(6) as wide as it must be: 2 Phi(1.96 / 2.45) - 1 = 0.58.
  EXPECT_LT(covered / 1000.0, 0.7);
}

/// Sets in which model b is right by `gap` more often than a; returns how often the interval holds -gap, and how often p < 0.05.
struct Differences {
  double covered = 0, rejected = 0;
};
Differences simulate_differences(double gap, int trials, Rng& rng) {
  Differences shares;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<Cluster> clusters;
    for (int picture = 0; picture < 200; ++picture) {
      const double p = rng.next_double() < 0.5 ? 0.6 : 0.2;
      Cluster cluster = {0, 6};
      for (int copy = 0; copy < 6; ++copy) cluster.sum += (rng.next_double() < p) - (rng.next_double() < p + gap);
      clusters.push_back(cluster);
    }
    const ClusteredDifference difference = clustered_difference(clusters, 0.95, 0.01);
    shares.covered += difference.interval.low <= -gap && -gap <= difference.interval.high;
    shares.rejected += difference.p < 0.05;
  }
  shares.covered /= trials, shares.rejected /= trials;
  return shares;
}

// 3000 sets: standard error 0.004; Student's t on 200 clusters is good to less than half a point.
TEST(Clusters, DifferenceHasItsLevelAndItsCoverage) {
  Rng rng(7);
  const Differences equal = simulate_differences(0, 3000, rng), apart = simulate_differences(0.1, 3000, rng);
  EXPECT_NEAR(equal.rejected, 0.05, 0.005 + 4 * 0.004);
  EXPECT_NEAR(equal.covered, 0.95, 0.005 + 4 * 0.004);
  EXPECT_NEAR(apart.covered, 0.95, 0.005 + 4 * 0.004);
  EXPECT_GT(apart.rejected, 0.5);
}

// Three pictures, one image each, one of them right in one model alone: mean 1/3 with standard error 1/3, so t = 1, and with two degrees of
// freedom P(|t| > x) = 1 - x / sqrt(2 + x^2).
TEST(Clusters, DifferenceOfThreePicturesHasTwoDegreesOfFreedom) {
  const Cluster clusters[] = {{1, 1}, {0, 1}, {0, 1}};
  const ClusteredDifference difference = clustered_difference(clusters, 0.95, 0.01);
  EXPECT_NEAR(difference.mean.variance, 1.0 / 9, 1e-15);
  EXPECT_NEAR(difference.p, 1 - 1 / std::sqrt(3.0), 1e-12);
}

// As many clusters as clusters_needed asks for show the gap in 80 % of all sets.
TEST(Clusters, NeededClustersHaveTheirPower) {
  Rng rng(8);
  std::vector<Cluster> pilot;
  const auto draw = [&](double gap) {
    Cluster cluster = {0, 4};
    const double p = rng.next_double() < 0.5 ? 0.8 : 0.4;
    for (int copy = 0; copy < 4; ++copy) cluster.sum += (rng.next_double() < p + gap) - (rng.next_double() < p);
    return cluster;
  };
  for (int i = 0; i < 20000; ++i) pilot.push_back(draw(0.05));
  const auto needed = clusters_needed(clustered_mean(pilot), 0.05, {});
  ASSERT_TRUE(needed.has_value());
  int seen = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    std::vector<Cluster> clusters;
    for (int64_t i = 0; i < *needed; ++i) clusters.push_back(draw(0.05));
    seen += clustered_difference(clusters, 0.95, 0.01).p < 0.05;
  }
  EXPECT_NEAR(seen / 1000.0, 0.8, 0.02 + 4 * 0.0126);  // standard error sqrt(0.8 * 0.2 / 1000); 0.02: the pilot's own variance
}

TEST(Clusters, WithoutVarianceNothingIsAsked) {
  const std::vector<Cluster> same(10, {0, 2}), shifted(10, {1, 2});
  const ClusteredDifference none = clustered_difference(same, 0.95, 0.01), all = clustered_difference(shifted, 0.95, 0.01);
  EXPECT_EQ(none.p, 1);
  EXPECT_EQ(none.equivalence_p, 0);
  EXPECT_EQ(all.p, 0);
  EXPECT_EQ(all.equivalence_p, 1);
  EXPECT_FALSE(clusters_needed(none.mean, 0.01, {}).has_value());
  EXPECT_FALSE(smallest_clustered_gap(none.mean, {}).has_value());
}

}  // namespace
}  // namespace liteqat::stats
