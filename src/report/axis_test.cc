#include "report/axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace liteqat::report {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts(const Axis& axis) {
  std::vector<std::string> labels;
  for (const double tick : axis.ticks) labels.push_back(axis.tick_text(tick));
  return labels;
}

TEST(Axis, RoundTicksAroundTheData) {
  const std::vector<double> accuracies = {97.37, 98.30};
  EXPECT_THAT(texts(make_axis(accuracies, {.intervals = 5})), ElementsAre("97.2", "97.4", "97.6", "97.8", "98.0", "98.2", "98.4"));
  const std::vector<double> losses = {0, 2.3};
  EXPECT_THAT(texts(make_axis(losses, {.intervals = 4})), ElementsAre("0", "1", "2", "3"));
}

TEST(Axis, StaysInsideFloorAndCeiling) {
  const std::vector<double> near_top = {99.2, 99.99};
  const Axis axis = make_axis(near_top, {.intervals = 5, .floor = 0, .ceiling = 100});
  EXPECT_EQ(axis.high, 100);
  const std::vector<double> perfect = {100, 100};
  const Axis one_point = make_axis(perfect, {.intervals = 5, .floor = 0, .ceiling = 100, .smallest_span = 0.01});
  EXPECT_LE(one_point.high, 100);
  EXPECT_LT(one_point.low, 100);
}

TEST(Axis, NothingToShow) {
  const std::vector<double> nothing = {std::numeric_limits<double>::quiet_NaN(), INFINITY, -1e300};
  const Axis axis = make_axis(nothing, {});
  EXPECT_EQ(axis.low, 0);
  EXPECT_EQ(axis.high, 1);
}

TEST(Axis, EverySpanAndOffset) {
  for (double span = 1e-6; span < 1e7; span *= 3.7) {
    for (const double offset : {-1e5, -3.3, 0.0, 0.987654, 55.5, 1e6}) {
      const std::vector<double> values = {offset, offset + span, offset + span / 3};
      const Axis axis = make_axis(values, {.intervals = 5});
      ASSERT_GE(axis.ticks.size(), 2u);
      ASSERT_LE(axis.ticks.size(), 14u) << span << " " << offset;
      // Rounding of offset and of the tick's multiple, and the 1e-9 steps of slack that make_axis allows.
      const double slack = 1e-8 * axis.step + 1e-15 * std::abs(offset);
      for (const double value : values) {
        EXPECT_GE(value, axis.low - slack);
        EXPECT_LE(value, axis.high + slack);
      }
      const auto labels = texts(axis);
      for (size_t i = 1; i < labels.size(); ++i) EXPECT_NE(labels[i], labels[i - 1]) << span << " " << offset;
    }
  }
}

}  // namespace
}  // namespace liteqat::report
