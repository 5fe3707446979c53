// Calibrators on values whose ranges are known by construction.
#include "quant/calibrators.h"

#include <gtest/gtest.h>

#include <cmath>

namespace liteqat::quant {
namespace {

TEST(Calibrators, MinMaxIsTheHullAndTheMovingAverageFollows) {
  const std::vector<Range> images = {{-1, 2}, {-3, 1}, {0, 4}};
  EXPECT_EQ(minmax_range(images), (Range{-3, 4}));
  // By hand with decay 0.75: min -1, -1.5, -1.125; max 2, 1.75, 2.3125.
  EXPECT_EQ(moving_average_range(images, 0.75), (Range{-1.125f, 2.3125f}));
}

/// 1000 values spread evenly over [-1, 1], and one far away.
Histogram with_outlier(float outlier) {
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(-1 + 2 * (static_cast<float>(i) + 0.5f) / 1000);
  values.push_back(outlier);
  Histogram histogram({-1, outlier});
  histogram.add(values);
  return histogram;
}

TEST(Calibrators, PercentileCutsEqualSharesAtBothEnds) {
  Histogram histogram({-10, 10}, 1000);
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(-10 + 20 * (static_cast<float>(i) + 0.5f) / 1000);
  histogram.add(values);
  const Range range = percentile_range(histogram, 90);  // 50 values of 0.02 go at each end
  EXPECT_NEAR(range.min, -9, 0.021);                    // to a bin
  EXPECT_NEAR(range.max, 9, 0.021);
  EXPECT_EQ(percentile_range(histogram, 100), (Range{-10, 10}));
}

TEST(Calibrators, MseKeepsAnOutlierThatWouldCostMoreThanClippingSaves) {
  // Kept, an outlier at 1000 makes codes 3.9 wide: the others become 0 and cost 333 together. One step of clipping costs 10^2 and saves
  // nothing, since codes stay wider than 2 down to 510; there it costs 490^2.
  EXPECT_EQ(mse_range(with_outlier(1000)).max, 1000);
  EXPECT_EQ(mse_range(with_outlier(1.0f)).max, 1.0f);
}

TEST(Calibrators, MseFindsTheBestOfItsCandidates) {
  // Ten thousand values in [-1, 1] and one at 3: with the whole range the squared error of uniform values is (4/255)^2/12 each, together
  // 0.205; at max 1 it is (2/255)^2/12 each, 0.051, and the clipped one adds 4. Between them the best share of 3 trades the two.
  std::vector<float> values(10000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = -1 + 2 * (static_cast<float>(i) + 0.5f) / 10000;
  values.push_back(3);
  Histogram histogram({-1, 3});
  histogram.add(values);
  const Range range = mse_range(histogram);
  EXPECT_GT(range.max, 2.5f);        // clipping at 2.5 would add 0.25, more than all that it could save
  EXPECT_NEAR(range.min, -1, 0.05);  // clipping 0.05 of a uniform half costs 0.2 as well
}

TEST(Calibrators, EntropyNarrowsTheRangeToWhatCodesCanTellApart) {
  // Counts alternate in the first 256 of 2048 bins: over the whole range one code covers eight bins and cannot tell them apart, over an
  // eighth of it each bin has a code of its own. One value at the far end is all that clipping loses.
  Histogram histogram({0, 1});
  for (size_t bin = 0; bin < 256; ++bin) histogram.bins[bin] = bin % 2 == 0 ? 100 : 300;
  histogram.bins.back() = 1;
  const Range range = entropy_range(histogram);
  EXPECT_EQ(range.min, 0);
  EXPECT_NEAR(range.max, 0.125f, 0.011f);
}

TEST(Calibrators, ZerosDoNotCountForEntropyAndHistogramsAddUp) {
  Histogram a({0, 1}), b({0, 1});
  a.add(std::vector<float>{0, 0, 0.5f}), b.add(std::vector<float>{1});
  a.add(b);
  EXPECT_EQ(a.zeros, 2);
  EXPECT_EQ(a.bins[1024], 1);
  EXPECT_EQ(a.bins.back(), 1);
}

TEST(Calibrators, NamesReadBack) {
  for (const char* name : {"minmax", "moving-average", "percentile", "mse", "entropy"}) {
    EXPECT_STREQ(calibrator_name(parse_calibrator(name).value()), name);
  }
  EXPECT_EQ(parse_calibrator("max").status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace liteqat::quant
