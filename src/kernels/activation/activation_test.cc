#include "kernels/activation/activation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::activation {
namespace {

using namespace kernels::testing;

TEST(ClampFloat32, InPlaceAndNanPasses) {
  std::vector<float> values = {-1.0f, 0.5f, 7.0f, -0.0f, NAN};
  clamp_float32({0, 5}, numeric::float_clamp(numeric::Activation::kRelu6), values.data(), values.data());
  EXPECT_EQ(values[0], 0.0f);
  EXPECT_EQ(values[1], 0.5f);
  EXPECT_EQ(values[2], 6.0f);
  EXPECT_TRUE(std::signbit(values[3]));  // std::max keeps the first of equals
  EXPECT_TRUE(std::isnan(values[4]));
}

TEST(RescaleAndClamp, EveryCodeEqualsExactArithmetic) {
  Rng rng(1);
  for (int sample = 0; sample < 300; ++sample) {
    const float from = 0.001f + rng.next_float(), to = 0.001f + rng.next_float();
    const double rescale = static_cast<double>(from / to);
    const ClampParams params = {.multiplier = numeric::quantize_multiplier(rescale),
                                .input_zero_point = random_between(rng, -128, 127),
                                .output_zero_point = random_between(rng, -128, 127),
                                .clamp = {random_between(rng, -128, 0), random_between(rng, 0, 127)}};
    for (int32_t code = -128; code < 128; ++code) {
      const int64_t exact = exact_rescale(code - params.input_zero_point, rescale) + params.output_zero_point;
      ASSERT_EQ(rescale_and_clamp(code, params), clamp(exact, params.clamp.low, params.clamp.high));
    }
  }
}

TEST(RescaleClampInt16, ARangeOfElementsOnly) {
  const ClampParams params = {.multiplier = numeric::quantize_multiplier(0.5), .clamp = {0, 1000}};
  const std::vector<int16_t> input = {10, 10, -10, 3000, 10};
  std::vector<int16_t> output(5, 7);
  rescale_clamp_int16({1, 4}, params, input.data(), output.data());
  EXPECT_EQ(output, (std::vector<int16_t>{7, 5, 0, 1000, 7}));
}

TEST(LeakyRelu, EveryCodeEqualsExactArithmeticAlsoWithNegativeAlpha) {
  Rng rng(2);
  for (int sample = 0; sample < 300; ++sample) {
    const double positive = 0.01 + rng.next_double(), negative = rng.next_double();
    const LeakyParams params = {.positive = numeric::quantize_multiplier(positive),
                                .negative = numeric::quantize_multiplier(negative),
                                .negated = sample % 3 == 0,
                                .input_zero_point = random_between(rng, -128, 127),
                                .output_zero_point = random_between(rng, -128, 127),
                                .codes = {-128, 127}};
    for (int32_t code = -128; code < 128; ++code) {
      const int32_t x = code - params.input_zero_point;
      const int64_t scaled = exact_rescale(x, x >= 0 ? positive : negative) * (x < 0 && params.negated ? -1 : 1);
      ASSERT_EQ(leaky_relu_code(code, params), clamp(scaled + params.output_zero_point, -128, 127));
    }
  }
}

TEST(FloatFunctions, NearTheRealOnes) {
  // logistic: exp, sum and quotient of at most one unit each, and below -9 exp(x) itself, larger by that factor; hard_swish: four
  // roundings; the others: one of the C library's.
  for (double x = -20; x < 20; x += 0.0037) {
    const auto f = static_cast<float>(x);
    const double real = static_cast<double>(f);
    const double sigmoid = 1 / (1 + std::exp(-real));
    EXPECT_NEAR(static_cast<double>(logistic(f)), sigmoid, 4 * std::ldexp(sigmoid, -23) + (real < -9 ? sigmoid * std::exp(real) : 0));
    EXPECT_NEAR(static_cast<double>(hyperbolic_tangent(f)), std::tanh(real), 3 * 0x1p-24);
    const double elu_real = real < 0 ? std::expm1(real) : real;
    EXPECT_NEAR(static_cast<double>(elu(f)), elu_real, 3 * std::ldexp(std::abs(elu_real), -24));
    const double swish = real * std::clamp(real + 3, 0.0, 6.0) / 6;
    // x + 3 is rounded to 2^-22 before it is multiplied by |x| < 3, hence the absolute term.
    EXPECT_NEAR(static_cast<double>(hard_swish(f)), swish, 4 * std::ldexp(std::abs(swish), -24) + 3 * 0x1p-23);
  }
  EXPECT_EQ(logistic(17.0f), 1.0f);
  EXPECT_EQ(logistic(-INFINITY), 0.0f);
  EXPECT_EQ(hard_swish(-4.0f), 0.0f);
}

}  // namespace
}  // namespace liteqat::kernels::activation
