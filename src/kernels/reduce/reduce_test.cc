#include "kernels/reduce/reduce.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::reduce {
namespace {

using namespace kernels::testing;

/// A shape of three axes with any of them reduced, and the input's elements by output.
struct Case {
  Reduction reduction;
  std::vector<std::vector<size_t>> members;
};

Case random_case(Rng& rng) {
  Case made;
  made.reduction.extents.fill(1);
  bool reduced[3];
  int64_t strides[3], outputs = 1;
  for (size_t axis = 3; axis-- > 0;) {
    const int32_t extent = random_between(rng, 1, 6);
    made.reduction.extents[kMaxRank - 3 + axis] = extent;
    reduced[axis] = rng.next_below(2) == 0;
    strides[axis] = reduced[axis] ? 0 : outputs;
    made.reduction.output[kMaxRank - 3 + axis] = strides[axis];
    (reduced[axis] ? made.reduction.reduced_elems : outputs) *= extent;
  }
  made.reduction.output_elems = outputs;
  made.reduction.all_axes = reduced[0] && reduced[1] && reduced[2];
  made.members.resize(static_cast<size_t>(outputs));
  size_t elem = 0;
  for (int64_t i = 0; i < made.reduction.extents[kMaxRank - 3]; ++i) {
    for (int64_t j = 0; j < made.reduction.extents[kMaxRank - 2]; ++j) {
      for (int64_t k = 0; k < made.reduction.extents[kMaxRank - 1]; ++k) {
        made.members[static_cast<size_t>(i * strides[0] + j * strides[1] + k * strides[2])].push_back(elem++);
      }
    }
  }
  return made;
}

template <typename T>
std::vector<T> random_values(Rng& rng, size_t count) {
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(rng.next_u64());
  return values;
}

template <typename T>
class ReduceIntegers : public ::testing::Test {};
using Integers = ::testing::Types<int8_t, uint8_t, int16_t, int32_t, int64_t>;
TYPED_TEST_SUITE(ReduceIntegers, Integers);

TYPED_TEST(ReduceIntegers, MaximumIsTheLargestMember) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    const Case made = random_case(rng);
    const auto input = random_values<TypeParam>(rng, made.members.size() * static_cast<size_t>(made.reduction.reduced_elems));
    GuardedBuffer<TypeParam> output(made.members.size());
    maximum(made.reduction, input.data(), output.data());
    for (size_t out = 0; out < made.members.size(); ++out) {
      const size_t largest = *std::ranges::max_element(made.members[out], {}, [&](size_t elem) { return input[elem]; });
      ASSERT_EQ(output.data()[out], input[largest]) << "seed " << seed;
    }
  }
}

template <typename T>
void expect_exact_sums(bool mean) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    const Case made = random_case(rng);
    const int64_t count = made.reduction.reduced_elems;
    const auto input = random_values<T>(rng, made.members.size() * static_cast<size_t>(count));
    const float from = 0.01f + rng.next_float(), to = from * (0.5f + 20.0f * rng.next_float());
    const bool wide = sizeof(T) == 2;
    const int32_t from_zero = wide ? 0 : random_between(rng, std::is_signed_v<T> ? -128 : 0, 127),
                  to_zero = wide ? 0 : random_between(rng, 0, 127);
    const double ratio = static_cast<double>(from) / static_cast<double>(to);
    const QuantizedParams params = {.reduction = made.reduction,
                                    .multiplier = mean ? mean::make_multiplier(from, to, count) : numeric::quantize_multiplier(ratio),
                                    .input_zero_point = from_zero,
                                    .output_zero_point = to_zero};
    std::vector<int32_t> scratch(made.members.size());
    std::vector<T> output(made.members.size());
    sum_quantized(params, input.data(), scratch.data(), output.data());
    for (size_t out = 0; out < made.members.size(); ++out) {
      int64_t sum = 0;
      for (size_t elem : made.members[out]) sum += int64_t{input[elem]} - from_zero;
      if (mean) {
        // As kernels/mean: half a step from the last rounding, half of 2^shift from the first, 2^-22 relative for the mantissa.
        const double real = static_cast<double>(sum) / static_cast<double>(count) * ratio + to_zero;
        const double bound = 0.5 + std::ldexp(0.5, std::min(params.multiplier.shift, 0)) + std::abs(real) * 0x1p-20 + 1e-3;
        ASSERT_NEAR(output[out], std::clamp<double>(real, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()), bound)
            << "seed " << seed;
      } else {
        ASSERT_EQ(output[out], clamp(exact_rescale(sum, ratio) + to_zero, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()))
            << "seed " << seed;
      }
    }
  }
}

TEST(SumQuantized, IsTheRescaledSumOfItsMembers) {
  expect_exact_sums<int8_t>(false);
  expect_exact_sums<uint8_t>(false);
  expect_exact_sums<int16_t>(false);
}

TEST(MeanQuantized, StaysWithinOneStepOfTheRealMean) {
  expect_exact_sums<uint8_t>(true);
  expect_exact_sums<int16_t>(true);
}

TEST(SumIntegers, WrapAroundAndMeansAreCut) {
  const Reduction reduction = {.extents = {1, 1, 1, 1, 2, 2}, .output = {0, 0, 0, 0, 1, 0}, .output_elems = 2, .reduced_elems = 2};
  const int32_t input[] = {INT32_MAX, 1, -3, -4};
  int32_t sums[2], means[2];
  int64_t scratch[2];
  sum(reduction, input, sums);
  EXPECT_EQ(sums[0], INT32_MIN);
  EXPECT_EQ(sums[1], -7);
  mean_integer(reduction, input, scratch, means);
  EXPECT_EQ(means[0], 1 << 30);
  EXPECT_EQ(means[1], -3);
}

TEST(ReduceFloat32, SpecialValuesDependOnWhetherAllAxesAreReduced) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();
  Reduction reduction = {.extents = {1, 1, 1, 1, 1, 2}, .output = {}, .output_elems = 1, .reduced_elems = 2};
  const auto maximum_of = [&](float a, float b) {
    const float input[] = {a, b};
    float output;
    maximum(reduction, input, &output);
    return output;
  };
  const auto sum_of = [&](float a, float b) {
    const float input[] = {a, b};
    float output;
    sum(reduction, input, &output);
    return output;
  };
  EXPECT_EQ(maximum_of(-kInfinity, -kInfinity), std::numeric_limits<float>::lowest());
  EXPECT_EQ(maximum_of(kNaN, 1.0f), 1.0f);
  EXPECT_FALSE(std::signbit(sum_of(-0.0f, -0.0f)));
  reduction.all_axes = true;
  EXPECT_EQ(maximum_of(-kInfinity, -kInfinity), -kInfinity);
  EXPECT_TRUE(std::isnan(maximum_of(kNaN, 1.0f)));
  EXPECT_TRUE(std::signbit(sum_of(-0.0f, -0.0f)));
}

TEST(ArgMax, TakesTheFirstLargestAndPassesOverNaN) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  const float input[] = {1, kNaN, 3, 2, 3, kNaN, kNaN, kNaN};
  int64_t wide[4];
  arg_max({.outer = 1, .axis = 2, .inner = 4}, input, wide);
  EXPECT_EQ(wide[0], 1);  // 1 or 3
  EXPECT_EQ(wide[1], 0);  // NaN or NaN
  EXPECT_EQ(wide[2], 0);  // 3 or NaN
  EXPECT_EQ(wide[3], 0);  // 2 or NaN
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    const Rows rows = {.outer = random_between(rng, 1, 4), .axis = random_between(rng, 1, 9), .inner = random_between(rng, 1, 4)};
    const auto codes = random_codes(rng, static_cast<size_t>(rows.outer * rows.axis * rows.inner));
    std::vector<int32_t> found(static_cast<size_t>(rows.outer * rows.inner));
    arg_max(rows, codes.data(), found.data());
    for (int64_t row = 0; row < rows.outer * rows.inner; ++row) {
      std::vector<int8_t> column;
      for (int64_t position = 0; position < rows.axis; ++position) {
        column.push_back(codes[static_cast<size_t>((row / rows.inner * rows.axis + position) * rows.inner + row % rows.inner)]);
      }
      ASSERT_EQ(found[static_cast<size_t>(row)], std::ranges::max_element(column) - column.begin()) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::reduce
