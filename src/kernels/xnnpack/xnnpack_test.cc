// Against the same rules in exact or double arithmetic, and against codes that LiteRT 2.3's default gave (tests/oracle covers many more).
#include "kernels/xnnpack/xnnpack.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace liteqat::kernels::xnnpack {
namespace {

/// The nearest integer, ties to even, without the rounding mode.
int64_t nearest_even(double value) {
  const double below = std::floor(value), rest = value - below;
  const auto low = static_cast<int64_t>(below);
  if (rest == 0.5) return low % 2 == 0 ? low : low + 1;
  return rest > 0.5 ? low + 1 : low;
}

int64_t clamped(int64_t value) {
  return value < -128 ? -128 : value > 127 ? 127 : value;
}

float random_scale(Rng& rng) {
  return 0.01f + 0.1f * rng.next_float();
}

TEST(XnnpackAdd, IsOneRoundingOfTheSumOfRoundedMultiples) {
  Rng rng(1);
  for (int repeat = 0; repeat < 200; ++repeat) {
    const Affine a = {random_scale(rng), 3}, b = {random_scale(rng), -128}, y = {random_scale(rng), 127 - repeat};
    ASSERT_TRUE(takes_add(a, b, y));
    AddParams params = make_add_params(a, b, y);
    params.broadcast = {.extents = {1, 1, 1, 1, 256, 256}, .a = {0, 0, 0, 0, 1, 0}, .b = {0, 0, 0, 0, 0, 1}};
    params.clamp = {-128, 127};
    std::vector<int8_t> codes, sums(65536);
    for (int32_t code = -128; code < 128; ++code) codes.push_back(static_cast<int8_t>(code));
    add(params, codes.data(), codes.data(), sums.data());
    const double a_quotient = static_cast<double>(a.scale / y.scale), b_quotient = static_cast<double>(b.scale / y.scale);
    const double unit = std::exp2(std::floor(std::log2(std::max(a_quotient, b_quotient))) - 20);
    const double a_rounded = unit * static_cast<double>(nearest_even(a_quotient / unit));
    const double b_rounded = unit * static_cast<double>(nearest_even(b_quotient / unit));
    for (size_t pair = 0; pair < sums.size(); ++pair) {
      const double real = a_rounded * (codes[pair / 256] - 3) + b_rounded * (codes[pair % 256] + 128);  // exact: 21 + 9 bits
      ASSERT_EQ(sums[pair], clamped(static_cast<int64_t>(std::floor(real + 0.5)) + y.zero_point)) << repeat << " " << pair;
    }
  }
  EXPECT_FALSE(takes_add({256.0f, 0}, {1.0f, 0}, {1.0f, 0}));
  EXPECT_FALSE(takes_add({1.0f, 0}, {0x1p-11f, 0}, {1.0f, 0}));
}

TEST(XnnpackAdd, EveryKernelEqualsTheDefinition) {
  Rng rng(4);
  for (int32_t repeat = 0; repeat < 300; ++repeat) {
    const Affine a = {random_scale(rng), 127 - repeat % 256}, b = {random_scale(rng), -128}, y = {random_scale(rng), repeat % 256 - 128};
    AddParams params = make_add_params(a, b, y);
    const int32_t count = 1 + repeat;
    params.broadcast = {.extents = {1, 1, 1, 1, 1, count}, .a = {0, 0, 0, 0, 0, 1}, .b = {0, 0, 0, 0, 0, 1}};
    params.clamp = {repeat % 3 == 0 ? y.zero_point : -128, 127};
    std::vector<int8_t> x, z, expected(static_cast<size_t>(count)), sums(static_cast<size_t>(count) + 1, 99);
    for (int32_t index = 0; index < count; ++index) {
      x.push_back(static_cast<int8_t>(rng.next_below(256)));
      z.push_back(static_cast<int8_t>(rng.next_below(256)));
    }
    add(params, x.data(), z.data(), expected.data());
    for (Isa isa : supported_isas()) {
      const AddKernel* kernel = find_add_kernel(isa);
      if (kernel == nullptr) continue;
      kernel->run(params, count, x.data(), z.data(), sums.data());
      ASSERT_EQ(std::vector<int8_t>(sums.begin(), sums.end() - 1), expected) << kernel->name << ", " << count;
      ASSERT_EQ(sums.back(), 99) << kernel->name << " wrote past its end";
    }
  }
}

TEST(XnnpackMean, AveragesWithinAThousandthOfAStepOfTheRealMean) {
  // float32 rounds sum * factor and the offset: at most 3 * 2^-24 * 2^15 steps of error for 49 codes and quotients of at most 10.
  Rng rng(2);
  for (int repeat = 0; repeat < 500; ++repeat) {
    const Affine x = {random_scale(rng), -128}, y = {random_scale(rng), 5};
    mean::Reduction reduction = {.extents = {1, 1, 1, 7, 7, 3}, .output = {0, 0, 0, 0, 0, 1}, .output_elems = 3, .reduced_elems = 49};
    std::vector<int8_t> input(147);
    for (int8_t& value : input) value = static_cast<int8_t>(rng.next_below(256));
    int32_t scratch[3];
    int8_t output[3];
    mean(make_mean_params(reduction, x, y), input.data(), scratch, output);
    for (size_t channel = 0; channel < 3; ++channel) {
      double sum = 0;
      for (size_t pixel = 0; pixel < 49; ++pixel) sum += input[pixel * 3 + channel] + 128;
      const double real = sum / 49 * static_cast<double>(x.scale) / static_cast<double>(y.scale) + 5;
      const double held = std::fmin(std::fmax(real, -128), 127);
      ASSERT_NEAR(output[channel], held, 0.501 + 0.006);
    }
  }
}

TEST(XnnpackQuantize, MultipliesByTheInverseAndRoundsToEven) {
  const float inputs[] = {0.25f, 0.75f, -0.25f, 1e30f, -1e30f, NAN, 63.5f};
  int8_t codes[7];
  quantize(7, {0.5f, 0}, inputs, codes);
  EXPECT_EQ(std::vector<int>(codes, codes + 7), (std::vector<int>{0, 2, 0, 127, -128, 127, 127}));
  uint8_t unsigned_codes[7];
  quantize(7, {0.5f, 10}, inputs, unsigned_codes);
  EXPECT_EQ(std::vector<int>(unsigned_codes, unsigned_codes + 7), (std::vector<int>{10, 12, 10, 255, 0, 255, 137}));
}

TEST(XnnpackRequantize, MultipliesBy256ths) {
  const Affine x = {0.1f, -5}, y = {0.07f, 9};
  for (float alpha : {1.0f, 0.3f, -0.5f}) {
    ASSERT_TRUE(takes_requantize(x, y, alpha));
    const RequantizeParams params = make_requantize_params(x, y, alpha);
    for (int32_t code = -128; code < 128; ++code) {
      const auto from = static_cast<int8_t>(code);
      int8_t to;
      requantize(1, params, &from, &to);
      const double quotient = static_cast<double>(x.scale / y.scale) * (code < -5 ? static_cast<double>(alpha) : 1.0);
      const double rounded = static_cast<double>(nearest_even(256 * quotient)) / 256;
      ASSERT_EQ(to, clamped(static_cast<int64_t>(std::floor(rounded * (code + 5) + 0.5)) + 9)) << code;
    }
  }
  EXPECT_FALSE(takes_requantize({1.0f, 0}, {0x1p-8f, 0}, 1.0f));
  EXPECT_FALSE(takes_requantize({1.0f, 0}, {1.0f, 0}, 0.001f));
}

TEST(XnnpackSoftmax, IsTheNearestCodeOfTheRealQuotient) {
  Rng rng(4);
  for (int repeat = 0; repeat < 300; ++repeat) {
    const float scale = random_scale(rng);
    int8_t input[10], output[10];
    for (int8_t& value : input) value = static_cast<int8_t>(rng.next_below(256));
    softmax(make_softmax_params(1, 10, 1.0f, scale, 1.0f / 256), input, output);
    double sum = 0;
    for (int8_t value : input) sum += std::exp(static_cast<double>(scale) * value);
    for (size_t column = 0; column < 10; ++column) {
      const double real = 256 * std::exp(static_cast<double>(scale) * input[column]) / sum - 128;
      // float32: the exponent's 2^-24 relative times |exponent| <= 28, and a dozen roundings, on values of at most 256.
      ASSERT_NEAR(output[column], std::fmin(real, 127), 0.5 + 256 * 40 * 0x1p-24);
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::xnnpack
