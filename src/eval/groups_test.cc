#include "eval/groups.h"

#include <gtest/gtest.h>

namespace liteqat::eval {
namespace {

// Five pictures in two folders, as they are and mirrored.
const std::vector<int32_t> kLabels = {0, 1, 2, 0, 1, 0, 1, 2, 0, 1};
const std::vector<int32_t> kClassed = {0, 1, 0, 0, 2, 0, 1, 2, 1, 2};  // right: 1 1 0 1 0 | 1 1 1 0 0

results::Metric make_metric() {
  results::Metric metric;
  metric.correct = 6, metric.total = 10, metric.value = 0.6;
  return metric;
}

TEST(Groups, FoldersAndFormsAreCountedApart) {
  results::Metric metric = make_metric();
  describe_groups(kClassed, kLabels, {.directories = {{"a", 0, 3}, {"b", 3, 2}}, .kinds = {"as they are", "mirrored"}, .pictures = 5},
                  metric);
  ASSERT_EQ(metric.directories.size(), 2u);
  EXPECT_EQ(metric.directories[0].correct, 5);  // pictures 0 to 2, both forms
  EXPECT_EQ(metric.directories[0].total, 6);
  EXPECT_EQ(metric.directories[1].correct, 1);
  EXPECT_EQ(metric.directories[1].total, 4);
  ASSERT_EQ(metric.copies.size(), 2u);
  EXPECT_EQ(metric.copies[0].correct, 3);
  EXPECT_EQ(metric.copies[1].correct, 3);
  EXPECT_EQ(metric.copies[1].total, 5);
  ASSERT_TRUE(metric.clusters.has_value());
  EXPECT_EQ(metric.clusters->pictures, 5);
  EXPECT_EQ(metric.clusters->images_each, 2);
  // Sums 2 2 1 1 0 about their mean 1.2: squares 0.64 0.64 0.04 0.04 1.44; variance 5/4 * 2.8 / 100 over 0.6 * 0.4 / 10.
  EXPECT_NEAR(metric.clusters->design_effect, 0.035 / 0.024, 1e-12);
  EXPECT_NEAR(metric.clusters->effective_images, 10 * 0.024 / 0.035, 1e-12);
  EXPECT_NE(metric.interval.method, "wilson");
}

TEST(Groups, FoldersAloneLeaveTheIntervalAsItIs) {
  results::Metric metric = make_metric();
  metric.interval = {.low = 0.25, .high = 0.75};
  describe_groups(kClassed, kLabels, {.directories = {{"a", 0, 10}, {"b", 10, 0}}, .kinds = {}, .pictures = 10}, metric);
  EXPECT_EQ(metric.directories[0].correct, 6);
  EXPECT_EQ(metric.directories[1].total, 0);
  EXPECT_TRUE(metric.copies.empty());
  EXPECT_FALSE(metric.clusters.has_value());
  EXPECT_EQ(metric.interval.low, 0.25);
}

}  // namespace
}  // namespace liteqat::eval
