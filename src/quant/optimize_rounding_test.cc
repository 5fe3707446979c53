// Second-order rounding against exhaustive search over all roundings up and down.
#include "quant/optimize_rounding.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace liteqat::quant {
namespace {

/// d^T C d for d = codes * scale - weights.
double cost(const std::vector<int8_t>& codes, std::span<const float> weights, float scale, const std::vector<double>& covariance) {
  const size_t width = weights.size();
  double sum = 0;
  for (size_t i = 0; i < width; ++i) {
    for (size_t j = 0; j < width; ++j) {
      sum += (codes[i] * static_cast<double>(scale) - weights[i]) * covariance[i * width + j] *
             (codes[j] * static_cast<double>(scale) - weights[j]);
    }
  }
  return sum;
}

TEST(RowMoments, AreThoseOfTheRows) {
  RowMoments moments(2);
  moments.add(std::vector<float>{1, 10, 3, 14});
  moments.add(std::vector<float>{5, 6});
  EXPECT_EQ(moments.mean(), (std::vector<double>{3, 10}));
  // By hand: deviations -2, 0, 2 and 0, 4, -4; products (4+0+4)/3, (0+0-8)/3, (0+16+16)/3.
  const std::vector<double> expected = {8.0 / 3, -8.0 / 3, -8.0 / 3, 32.0 / 3}, found = moments.covariance();
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-12);
}

TEST(RoundingOrder, RoundsToNearestWhereInputsAreIndependentOrUnknown) {
  const std::vector<float> weights = {0.26f, -0.74f, 0.49f};
  const std::vector<int8_t> nearest = {1, -3, 2};
  EXPECT_EQ(RoundingOrder(std::vector<double>{1, 0, 0, 0, 2, 0, 0, 0, 3}, 3).round(weights, 0.25f), nearest);
  EXPECT_EQ(RoundingOrder(std::vector<double>(9, 0.0), 3).round(weights, 0.25f), nearest);
}

TEST(RoundingOrder, MovesErrorsToWhereTheyCancel) {
  // Two inputs that are nearly the same: 0.4 + 0.4 steps are better given as 1 + 0 than as 0 + 0.
  const std::vector<double> covariance = {1, 0.99, 0.99, 1};
  const auto codes = RoundingOrder(covariance, 2, 1e-6).round(std::vector<float>{0.4f, 0.4f}, 1.0f);
  EXPECT_EQ(codes[0] + codes[1], 1);
}

TEST(RoundingOrder, IsNearTheBestOfAllRoundings) {
  Rng rng(5);
  constexpr size_t kWidth = 8;
  double nearest_total = 0, found_total = 0, best_total = 0;
  for (int trial = 0; trial < 20; ++trial) {
    RowMoments moments(kWidth);
    for (int row = 0; row < 200; ++row) {
      std::vector<float> values(kWidth);
      const auto common = static_cast<float>(rng.next_normal());
      for (float& value : values) value = common + 0.5f * static_cast<float>(rng.next_normal());
      moments.add(values);
    }
    const std::vector<double> covariance = moments.covariance();
    std::vector<float> weights(kWidth);
    for (float& weight : weights) weight = 20 * rng.next_float() - 10;
    double best = INFINITY;
    for (int choice = 0; choice < 1 << kWidth; ++choice) {
      std::vector<int8_t> codes(kWidth);
      for (size_t i = 0; i < kWidth; ++i) codes[i] = static_cast<int8_t>(static_cast<int>(std::floor(weights[i])) + (choice >> i & 1));
      best = std::min(best, cost(codes, weights, 1, covariance));
    }
    const auto nearest = RoundingOrder(std::vector<double>(kWidth * kWidth, 0.0), kWidth).round(weights, 1);
    nearest_total += cost(nearest, weights, 1, covariance);
    found_total += cost(RoundingOrder(covariance, kWidth).round(weights, 1), weights, 1, covariance);
    best_total += best;
  }
  EXPECT_LT(found_total, 0.5 * nearest_total);  // a common part of 80 % of the variance makes errors cancel in all but one direction
  EXPECT_GE(found_total, best_total * (1 - 1e-9));
}

}  // namespace
}  // namespace liteqat::quant
