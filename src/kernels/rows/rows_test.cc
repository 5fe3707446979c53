#include "kernels/rows/rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::rows {
namespace {

using namespace kernels::testing;

LogSoftmaxParams make_params(int32_t columns, double scale) {
  LogSoftmaxParams params;
  params.columns = columns;
  params.multiplier = numeric::quantize_multiplier(scale * 0x1p26);
  params.reverse = numeric::quantize_multiplier(std::ldexp(1.0, 31 - params.multiplier.shift) / params.multiplier.mantissa);
  params.diff_min = -static_cast<int32_t>(std::floor(31 * std::ldexp(1.0, 26 - params.multiplier.shift)));
  return params;
}

TEST(LogSoftmaxInt8, NearTheRealFunction) {
  Rng rng(1);
  for (int sample = 0; sample < 300; ++sample) {
    const int32_t columns = random_between(rng, 1, 60);
    const double scale = 0.01 + 0.2 * rng.next_double();
    std::vector<int8_t> input(static_cast<size_t>(columns)), output(input.size());
    for (int8_t& code : input) code = static_cast<int8_t>(random_between(rng, -128, 127));
    log_softmax(make_params(columns, scale), {0, 1}, input.data(), output.data());
    const int32_t largest = *std::max_element(input.begin(), input.end());
    double sum = 0;
    for (int8_t code : input) sum += std::exp(scale * (code - largest));
    for (size_t column = 0; column < input.size(); ++column) {
      const double real = 16 * (scale * (input[column] - largest) - std::log(sum)) + 127;
      // Half a code for the last rounding; exponentials in Q12.19 and their logarithm add less than a hundredth of a code.
      ASSERT_NEAR(output[column], std::max(real, -128.0), 0.51);
    }
  }
}

TEST(LogSoftmaxUInt8, IsThatOfInt8Moved) {
  Rng rng(2);
  const LogSoftmaxParams params = make_params(20, 0.1);
  std::vector<int8_t> input(60), output(60);
  std::vector<uint8_t> wide(60), wide_output(60);
  for (size_t index = 0; index < input.size(); ++index) {
    input[index] = static_cast<int8_t>(random_between(rng, -128, 127));
    wide[index] = static_cast<uint8_t>(input[index] + 128);
  }
  log_softmax(params, {0, 3}, input.data(), output.data());
  log_softmax(params, {0, 3}, wide.data(), wide_output.data());
  for (size_t index = 0; index < input.size(); ++index) EXPECT_EQ(wide_output[index], output[index] + 128);
}

TEST(LogSoftmaxInt8, MoreThan4096EqualLogitsAnswer) {
  const int32_t columns = 10000;
  std::vector<int8_t> input(10000, 5), output(10000);
  log_softmax(make_params(columns, 0.1), {0, 1}, input.data(), output.data());
  EXPECT_EQ(output[0], 127 - static_cast<int32_t>(std::lround(16 * std::log(4096.0))));
}

TEST(L2Normalization, NearTheRealFunction) {
  Rng rng(3);
  for (int sample = 0; sample < 500; ++sample) {
    const int32_t columns = random_between(rng, 1, 40), zero_point = random_between(rng, -128, 127);
    std::vector<int8_t> input(static_cast<size_t>(columns)), output(input.size());
    std::vector<uint8_t> wide(input.size()), wide_output(input.size());
    double sum = 0;
    for (size_t index = 0; index < input.size(); ++index) {
      input[index] = static_cast<int8_t>(random_between(rng, -128, 127));
      wide[index] = static_cast<uint8_t>(input[index] + 128);
      sum += (input[index] - zero_point) * (input[index] - zero_point);
    }
    l2_normalize_int8({0, 1}, columns, zero_point, input.data(), output.data());
    l2_normalize_uint8({0, 1}, columns, zero_point + 128, wide.data(), wide_output.data());
    for (size_t index = 0; index < input.size(); ++index) {
      const double real = sum == 0 ? 0 : std::min(128 * (input[index] - zero_point) / std::sqrt(sum), 127.0);
      // Each of the two roundings of the multiplication is at most half of its unit: together below one code.
      EXPECT_NEAR(output[index], real, 1.0);
      EXPECT_NEAR(wide_output[index] - 128, real, 1.0);
    }
  }
}

TEST(L2Normalization, NothingToDivideBy) {
  const std::vector<float> input = {0, 0, 0, 3, 4, 0};
  std::vector<float> output(6, 1);
  l2_normalize_float32({0, 2}, 3, input.data(), output.data());
  EXPECT_EQ(output, (std::vector<float>{0, 0, 0, 3.0f / 5, 4.0f / 5, 0}));
}

TEST(LogSoftmaxFloat32, NearTheRealFunctionInPlace) {
  std::vector<float> values = {0.5f, -2.0f, 7.0f, 100.0f, 100.0f, -50.0f};
  const std::vector<float> input = values;
  log_softmax_float32({0, 2}, 3, values.data(), values.data());
  for (size_t row = 0; row < 2; ++row) {
    double sum = 0;
    for (size_t column = 0; column < 3; ++column) sum += std::exp(static_cast<double>(input[row * 3 + column]));
    for (size_t column = 0; column < 3; ++column) {
      const double real = static_cast<double>(input[row * 3 + column]) - std::log(sum);
      EXPECT_NEAR(static_cast<double>(values[row * 3 + column]), real, std::abs(real) * 0x1p-22 + 0x1p-22);
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::rows
