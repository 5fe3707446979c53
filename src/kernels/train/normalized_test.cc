#include "kernels/train/normalized.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/train/window_for_test.h"

namespace liteqat::kernels::train {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Case {
  int64_t rows, channels;
  std::vector<float> z, g, scale, shift, mean;
  float low, high;
  UnitActivation activation;

  Normalized view() const { return {scale.data(), shift.data(), low, high, activation}; }
  size_t elems() const { return size_t(rows * channels); }
  float x(size_t i) const { return z[i] * scale[i % size_t(channels)] + shift[i % size_t(channels)]; }
  float y(size_t i) const {
    if (activation == UnitActivation::kHardSwish) return x(i) * std::min(std::max(x(i) + 3.0f, 0.0f), 6.0f) / 6.0f;
    return std::min(std::max(x(i), low), high);
  }
  /// The gradient of x.
  float passed(size_t i) const {
    if (activation != UnitActivation::kHardSwish) return x(i) > low && x(i) < high ? g[i] : 0.0f;
    if (x(i) <= -3.0f) return 0.0f;
    return x(i) >= 3.0f ? g[i] : g[i] * (2.0f * x(i) + 3.0f) / 6.0f;
  }
};

struct Ends {
  float low, high;
  UnitActivation activation = UnitActivation::kClamp;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Ends& ends : {Ends{-kInfinity, kInfinity}, {0.0f, kInfinity}, {0.0f, 6.0f}, {0.0f, 0.0f, UnitActivation::kHardSwish}}) {
    for (int64_t channels : {1, 3, 16, 24, 37, 144}) {  // around the vector widths
      for (int64_t rows : {1, 7, 8, 29}) {              // around the eight rows of a float sum
        Case c{.rows = rows,
               .channels = channels,
               .z = {},
               .g = {},
               .scale = {},
               .shift = {},
               .mean = {},
               .low = ends.low,
               .high = ends.high,
               .activation = ends.activation};
        c.z = random_values(1, c.elems()), c.g = random_values(2, c.elems());
        c.scale = random_values(3, size_t(channels)), c.shift = random_values(4, size_t(channels)),
        c.mean = random_values(5, size_t(channels));
        for (float& value : c.z) value *= 10;         // reaches beyond both ends
        c.shift[0] = 3, c.scale[0] = 1, c.z[0] = -6;  // on hard swish's lower end
        all.push_back(c);
      }
    }
  }
  return all;
}

TEST(Normalized, ValuesAreActivatedSums) {
  for (const Case& c : cases()) {
    std::vector<float> y(c.elems());
    normalize(c.view(), c.rows, c.channels, c.z.data(), y.data());
    for (size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], c.y(i)) << i << " of " << c.channels;
  }
}

TEST(Normalized, GradientEqualsItsFormula) {
  for (const Case& c : cases()) {
    const auto a = random_values(6, c.scale.size()), b = random_values(7, c.scale.size()), d = random_values(8, c.scale.size());
    std::vector<float> dz(c.elems());
    normalized_gradient({c.mean.data(), a.data(), b.data(), d.data()}, c.rows, c.channels, c.z.data(), c.g.data(), dz.data());
    for (size_t i = 0; i < dz.size(); ++i) {
      const size_t k = i % c.scale.size();
      ASSERT_EQ(dz[i], a[k] * c.g[i] + (b[k] * (c.z[i] - c.mean[k]) + d[k])) << i << " of " << c.channels;
    }
    std::vector<float> in_place = c.g;
    normalized_gradient({c.mean.data(), a.data(), b.data(), d.data()}, c.rows, c.channels, c.z.data(), in_place.data(), in_place.data());
    EXPECT_EQ(in_place, dz);
  }
}

TEST(Normalized, CoefficientsAreThoseOfBatchNormalization) {
  // By hand: variance 3, epsilon 1: rstd 1/2; gamma 4: a = 2. Of 8 rows with dbeta 16 and dgamma 24: b = -2 / 2 * 24 / 8, d = -2 * 16 / 8.
  const float gamma = 4, variance = 3;
  const double dbeta = 16, dgamma = 24;
  float a, b, d;
  normalized_gradient_coefficients(1, 8, 1.0f, &gamma, &variance, &dbeta, &dgamma, &a, &b, &d);
  EXPECT_EQ(a, 2.0f);
  EXPECT_EQ(b, -3.0f);
  EXPECT_EQ(d, -4.0f);
}

TEST(Normalized, PassesTheActivationInPlaceAndAddsToTheSums) {
  for (const Case& c : cases()) {
    std::vector<float> masked = c.g;
    std::vector<double> sums(c.scale.size(), 1.0), products(c.scale.size(), 2.0), exact_sum = sums, exact_product = products;
    std::vector<double> sum_size(sums.size(), 1.0), product_size(sums.size(), 2.0);
    mask_and_reduce(c.view(), c.mean.data(), c.rows, c.channels, c.z.data(), masked.data(), sums.data(), products.data());
    for (size_t i = 0; i < masked.size(); ++i) {
      ASSERT_EQ(masked[i], c.passed(i));
      const size_t k = i % sums.size();
      const double product = double(masked[i]) * (double(c.z[i]) - double(c.mean[k]));
      exact_sum[k] += masked[i], exact_product[k] += product;
      sum_size[k] += std::abs(double(masked[i])), product_size[k] += std::abs(double(masked[i])) * (std::abs(c.z[i]) + std::abs(c.mean[k]));
    }
    // A difference and a product round once each, eight terms are added in float: nine roundings of 2^-24 of the terms' sizes at most, and
    // double sums that round at 2^-53.
    for (size_t k = 0; k < sums.size(); ++k) {
      EXPECT_NEAR(sums[k], exact_sum[k], 8 * 0x1p-24 * sum_size[k]);
      EXPECT_NEAR(products[k], exact_product[k], 10 * 0x1p-24 * product_size[k]);
    }
    std::vector<float> scaled = c.g;
    std::vector<double> same_sums(sums.size(), 1.0), same_products(sums.size(), 2.0);
    mask_reduce_and_scale(c.view(), c.mean.data(), c.rows, c.channels, c.z.data(), scaled.data(), same_sums.data(), same_products.data());
    EXPECT_EQ(same_sums, sums);
    EXPECT_EQ(same_products, products);
    for (size_t i = 0; i < scaled.size(); ++i) ASSERT_EQ(scaled[i], masked[i] * c.scale[i % sums.size()]);
  }
}

}  // namespace
}  // namespace liteqat::kernels::train
