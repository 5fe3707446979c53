#include "kernels/softmax/softmax.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::softmax {
namespace {

using namespace kernels::testing;

struct Golden {
  float scale;
  std::vector<int8_t> input, expected;
  numeric::Multiplier multiplier;
  int32_t diff_min;
};

TEST(SoftmaxInt8, PublishedValues) {
  const Golden kCases[] = {
      {0.1f, {-10, 0, 10, 20, 127}, {-128, -128, -128, -128, 127}, {1717986944, 23}, -248},
      {0.05f, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {-102, -102, -102, -102, -102, -102, -102, -102, -102, -102}, {1717986944, 22}, -496},
      {0.04f, {-128, 127}, {-128, 127}, {1374389504, 22}, -496},
      {0.0470588f,
       {5, -3, 17, 60, 59, -100, 33, 12, 0, 61},
       {-123, -124, -119, -59, -62, -128, -109, -121, -124, -56},
       {1616928000, 22},
       -496}};
  for (const Golden& golden : kCases) {
    const Int8Params params = make_int8_params({.rows = 1, .columns = static_cast<int32_t>(golden.input.size())}, 1.0f, golden.scale);
    EXPECT_EQ(params.multiplier, golden.multiplier) << golden.scale;
    EXPECT_EQ(params.diff_min, golden.diff_min) << golden.scale;
    std::vector<int8_t> output(golden.input.size());
    softmax_int8(params, golden.input.data(), output.data());
    EXPECT_EQ(output, golden.expected) << golden.scale;
  }
}

/// exp(scale * (q - max)) / sum in double.
std::vector<double> real_softmax(const std::vector<int8_t>& codes, double scale) {
  const int32_t largest = *std::max_element(codes.begin(), codes.end());
  double sum = 0;
  std::vector<double> result;
  for (int8_t code : codes) result.push_back(std::exp(scale * (code - largest)));
  for (double value : result) sum += value;
  for (double& value : result) value /= sum;
  return result;
}

TEST(SoftmaxInt8, NearTheRealFunction) {
  // Half a step of rounding; the sum holds exponentials rounded to 2^-19 (at most columns * 2^-20, a relative 1e-3 here), differences
  // below -31 are dropped: 0.5 + 256 * 1.1e-3 steps.
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    const auto columns = static_cast<int32_t>(rng.next_below(1000)) + 1;
    const std::vector<int8_t> input = random_codes(rng, static_cast<size_t>(columns));
    const float scale = std::ldexp(1.0f + rng.next_float(), random_between(rng, -6, 0));
    std::vector<int8_t> output(input.size());
    softmax_int8(make_int8_params({.rows = 1, .columns = columns}, 1.0f, scale), input.data(), output.data());
    const std::vector<double> exact = real_softmax(input, static_cast<double>(scale));
    for (size_t column = 0; column < output.size(); ++column) {
      ASSERT_NEAR(output[column], std::min(exact[column] * 256 - 128, 127.0), 0.79) << "seed " << seed;
    }
  }
}

TEST(SoftmaxInt8, ManyEqualLogitsAnswer) {
  for (int32_t columns : {255, 511, 512, 513, 1001, 5000}) {
    const std::vector<int8_t> input(static_cast<size_t>(columns), 7);
    std::vector<int8_t> output(input.size());
    softmax_int8(make_int8_params({.rows = 1, .columns = columns}, 1.0f, 0.1f), input.data(), output.data());
    const auto expected = static_cast<int8_t>(-128 + (columns < 512 ? 1 : 0));  // 256 / columns of a step, half away
    EXPECT_EQ(output, std::vector<int8_t>(input.size(), expected)) << columns;
  }
}

TEST(SoftmaxTable, EqualsTheReference) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    const auto columns = static_cast<int32_t>(rng.next_below(seed % 3 == 0 ? 1200 : 40)) + 1, rows = random_between(rng, 1, 4);
    const auto count = static_cast<size_t>(rows) * static_cast<size_t>(columns);
    const std::vector<int8_t> input = seed % 17 == 0 ? std::vector<int8_t>(count, int8_t{-5}) : random_codes(rng, count);
    const std::vector<uint8_t> unsigned_input(input.begin(), input.end());
    const float beta = 0.1f + rng.next_float(), scale = std::ldexp(1.0f + rng.next_float(), random_between(rng, -12, 6));
    const Int8Params params = make_int8_params({.rows = rows, .columns = columns}, beta, scale);
    const Int8Table table = make_int8_table(params);
    std::vector<int8_t> expected(count);
    std::vector<uint8_t> unsigned_expected(count);
    softmax_int8(params, input.data(), expected.data());
    softmax_uint8(params, unsigned_input.data(), unsigned_expected.data());
    GuardedBuffer<int8_t> codes(input), output(count);
    GuardedBuffer<uint8_t> unsigned_codes(unsigned_input);
    for (int64_t part = 1; part >= 0; --part) {
      softmax_table(table, part_of(rows, part, 2), codes.data(), output.data());
      softmax_table(table, part_of(rows, part, 2), unsigned_codes.data(), unsigned_codes.data());
    }
    ASSERT_EQ(output.values(), expected) << "seed " << seed;
    ASSERT_EQ(unsigned_codes.values(), unsigned_expected) << "seed " << seed;
  }
}

TEST(SoftmaxInt8, RowsAreIndependent) {
  Rng rng(5);
  const std::vector<int8_t> input = random_codes(rng, 70);
  std::vector<int8_t> together(70), alone(70);
  softmax_int8(make_int8_params({.rows = 7, .columns = 10}, 0.5f, 0.2f), input.data(), together.data());
  for (size_t row = 0; row < 7; ++row) {
    softmax_int8(make_int8_params({.rows = 1, .columns = 10}, 0.5f, 0.2f), input.data() + row * 10, alone.data() + row * 10);
  }
  EXPECT_EQ(together, alone);
}

TEST(SoftmaxFloat32, NearTheRealFunctionAndInPlace) {
  Rng rng(6);
  std::vector<float> values = random_floats(rng, 60);
  const std::vector<float> input = values;
  softmax_float32({.rows = 4, .columns = 15}, 2.0f, values.data(), values.data());
  for (size_t row = 0; row < 4; ++row) {
    double sum = 0;
    for (size_t column = 0; column < 15; ++column) sum += std::exp(2.0 * static_cast<double>(input[row * 15 + column]));
    for (size_t column = 0; column < 15; ++column) {
      const double exact = std::exp(2.0 * static_cast<double>(input[row * 15 + column])) / sum;
      // The exponent 2 (x - max), |.| < 16, is off by at most 2^-21, expf by an ulp, the 15-term sum by 15 half ulps: 1.5e-6 relative.
      EXPECT_NEAR(static_cast<double>(values[row * 15 + column]), exact, exact * 1.5e-6);
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::softmax
