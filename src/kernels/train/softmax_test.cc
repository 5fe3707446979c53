#include "kernels/train/softmax.h"

#include <gtest/gtest.h>

#include "kernels/train/window_for_test.h"

namespace liteqat::kernels::train {
namespace {

using Values = std::vector<float>;
constexpr double kUnit = 0x1p-24;

std::vector<double> softmax(const float* x, int32_t classes) {
  const double largest = *std::max_element(x, x + classes);
  std::vector<double> p;
  double sum = 0;
  for (int32_t c = 0; c < classes; ++c) sum += std::exp(double(x[c]) - largest);
  for (int32_t c = 0; c < classes; ++c) p.push_back(std::exp(double(x[c]) - largest) / sum);
  return p;
}

TEST(Softmax, AgreesWithDouble) {
  for (int32_t classes : {1, 2, 10, 100, 1000}) {
    constexpr int32_t kRows = 4;
    Values x = random_values(1, size_t(kRows * classes)), y(x.size());
    for (float& value : x) value *= 5.0f;
    softmax_forward(kRows, classes, x.data(), y.data());
    for (int32_t row = 0; row < kRows; ++row) {
      const float* values = x.data() + row * classes;
      const std::vector<double> expected = softmax(values, classes);
      const float largest = *std::max_element(values, values + classes), least = *std::min_element(values, values + classes);
      // x - max is rounded once (absolute |x - max| u), exp to 1 ulp, the sum has `classes` terms, the quotient 1.
      const double bound = (double(largest - least) + classes + 4) * 2 * kUnit;
      for (int32_t c = 0; c < classes; ++c) {
        EXPECT_NEAR(y[size_t(row * classes + c)], expected[size_t(c)], expected[size_t(c)] * bound);
      }
    }
  }
}

TEST(Softmax, LargeLogitsDoNotOverflow) {
  const Values x = {1e30f, -1e30f, 1e30f};
  Values y(3);
  softmax_forward(1, 3, x.data(), y.data());
  EXPECT_EQ(y, (Values{0.5f, 0.0f, 0.5f}));
}

// tf_keras 2.19: CategoricalCrossentropy(from_logits=True, label_smoothing=s), gradient of the mean over the three rows.
const Values kLogits = {1, 2, -3, 0.5f, 0, 0, 0, 0, 50, -50, 3, 2};
const std::vector<int32_t> kLabels = {1, 3, 1};

void expect_keras(float smoothing, const std::vector<double>& losses, const Values& gradient) {
  std::vector<double> loss(3);
  Values dlogits(12);
  softmax_cross_entropy(3, 4, kLogits.data(), kLabels.data(), smoothing, 1.0f / 3.0f, loss.data(), dlogits.data());
  // Keras computes in float32: 8 roundings of numbers as large as the loss or 1.
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(loss[i], losses[i], 8 * kUnit * (losses[i] + 1));
  for (size_t i = 0; i < 12; ++i) EXPECT_NEAR(dlogits[i], gradient[i], 8 * kUnit);
}

TEST(CrossEntropy, AgreesWithKeras) {
  expect_keras(0.0f, {0.468594879, 1.38629436, 100},
               {0.0767496005f, -0.124706313f, 0.00140571804f, 0.0465509854f, 0.0833333358f, 0.0833333358f, 0.0833333358f, -0.25f,
                0.333333343f, -0.333333343f, 1.29133264e-21f, 4.75054713e-22f});
  expect_keras(0.1f, {0.656094909, 1.38629425, 94.8749924},
               {0.0684162676f, -0.0997062922f, -0.00692761596f, 0.0382176526f, 0.075000003f, 0.075000003f, 0.075000003f, -0.224999994f,
                0.325000018f, -0.308333337f, -0.00833333377f, -0.00833333377f});
}

TEST(CrossEntropy, LossAndGradientAgreeWithDouble) {
  constexpr int32_t kRows = 6;
  for (int32_t classes : {2, 7, 100}) {
    for (float smoothing : {0.0f, 0.1f, 1.0f}) {
      const Values x = random_values(9, size_t(kRows * classes));
      std::vector<int32_t> labels;
      for (int32_t row = 0; row < kRows; ++row) labels.push_back(row * 31 % classes);
      std::vector<double> loss(kRows), alone(kRows);
      Values gradient(x.size());
      softmax_cross_entropy(kRows, classes, x.data(), labels.data(), smoothing, 0.25f, loss.data(), gradient.data());
      softmax_cross_entropy(kRows, classes, x.data(), labels.data(), smoothing, 0.25f, alone.data(), nullptr);
      EXPECT_EQ(loss, alone);
      for (int32_t row = 0; row < kRows; ++row) {
        const std::vector<double> p = softmax(x.data() + row * classes, classes);
        double expected = 0;
        for (int32_t c = 0; c < classes; ++c) {
          const double target = (c == labels[size_t(row)] ? 1.0 - double(smoothing) : 0.0) + double(smoothing) / classes;
          expected -= target * std::log(p[size_t(c)]);
          EXPECT_NEAR(gradient[size_t(row * classes + c)], (p[size_t(c)] - target) * 0.25, kUnit);  // rounded to float once
        }
        EXPECT_NEAR(loss[size_t(row)], expected, 1e-12 * classes);  // double throughout
      }
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::train
