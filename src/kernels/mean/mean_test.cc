#include "kernels/mean/mean.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::mean {
namespace {

using namespace kernels::testing;

Reduction reduce_all(int32_t count) {
  Reduction reduction;
  reduction.extents.fill(1);
  reduction.extents.back() = count;
  reduction.reduced_elems = count;
  return reduction;
}

TEST(MeanInt8, PublishedValues) {
  const numeric::Multiplier multiplier = make_multiplier(0.0235294122f, 0.0119f, 49);
  EXPECT_EQ(multiplier, (numeric::Multiplier{1386493618, -4}));
  std::vector<int8_t> input;
  for (int i = 0; i < 49; ++i) input.push_back(static_cast<int8_t>(37 * i % 255 - 128));
  ASSERT_EQ(std::accumulate(input.begin(), input.end(), 0), -245);
  int32_t scratch = 12345;
  int8_t output = 0;
  mean_int8({.reduction = reduce_all(49), .multiplier = multiplier, .input_zero_point = -128, .output_zero_point = -128}, input.data(),
            &scratch, &output);
  EXPECT_EQ(output, 115);
}

TEST(MeanInt8, StaysWithinOneStepOfTheRealMean) {
  // Half a step from the last rounding, half of 2^shift from the first (the product is held to 2^shift steps), and 1e-3 for the mantissa,
  // which the division truncates by less than 2^-22 relative of at most 768 steps.
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    const int32_t count = random_between(rng, 1, 300);
    const std::vector<int8_t> input = random_codes(rng, static_cast<size_t>(count));
    const float in_scale = 0.01f + rng.next_float(), out_scale = in_scale * (0.5f + rng.next_float());
    const int32_t in_zero = random_between(rng, -128, 127), out_zero = random_between(rng, -128, 127);
    const numeric::Multiplier multiplier = make_multiplier(in_scale, out_scale, count);
    int32_t scratch = 0;
    int8_t output = 0;
    mean_int8({.reduction = reduce_all(count), .multiplier = multiplier, .input_zero_point = in_zero, .output_zero_point = out_zero},
              input.data(), &scratch, &output);
    double sum = 0;
    for (int8_t code : input) sum += code - in_zero;
    const double exact = sum / count * static_cast<double>(in_scale) / static_cast<double>(out_scale) + out_zero;
    ASSERT_NEAR(output, std::min(std::max(exact, -128.0), 127.0), 0.5 + std::ldexp(0.5, std::min(multiplier.shift, 0)) + 1e-3)
        << "seed " << seed;
  }
}

TEST(MeanInt8, EveryBlockKernelEqualsTheWalkInMemoryOrder) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    const auto extent = [&](int32_t most) { return rng.next_below(4) == 0 ? 1 : random_between(rng, 1, most); };
    const int32_t outer = extent(3), reduced = seed % 20 == 0 ? random_between(rng, 250, 700) : extent(70), inner = extent(200);
    Int8Params params = {.reduction = {.extents = {1, 1, 1, outer, reduced, inner},
                                       .output = {0, 0, 0, inner, 0, 1},
                                       .output_elems = int64_t{outer} * inner,
                                       .reduced_elems = reduced},
                         .multiplier = make_multiplier(0.01f + rng.next_float(), 0.01f + rng.next_float(), reduced),
                         .input_zero_point = random_between(rng, -128, 127),
                         .output_zero_point = random_between(rng, -128, 127)};
    Block block;
    ASSERT_TRUE(find_block(params.reduction, &block));
    ASSERT_EQ(block.outer * block.reduced * block.inner, int64_t{outer} * reduced * inner);
    const auto output_elems = static_cast<size_t>(params.reduction.output_elems);
    std::vector<int8_t> codes = random_codes(rng, static_cast<size_t>(outer) * static_cast<size_t>(reduced * inner)),
                        expected(output_elems);
    if (seed % 20 == 0) std::fill(codes.begin(), codes.end(), int8_t{-128});  // the least sums of 16 bits
    std::vector<int32_t> scratch(output_elems);
    mean_int8(params, codes.data(), scratch.data(), expected.data());
    for (Isa isa : supported_isas()) {
      const Int8BlockKernel* kernel = find_int8_block_kernel(isa);
      if (kernel == nullptr) continue;
      GuardedBuffer<int8_t> input(codes), output(output_elems);
      for (int64_t part = 2; part >= 0; --part) kernel->run(params, block, part_of(block.outer, part, 3), input.data(), output.data());
      ASSERT_EQ(output.values(), expected) << kernel->isa_name << ", seed " << seed;
    }
  }
}

TEST(MeanInt8, BlocksAreNeighbouringAxes) {
  Block block;
  EXPECT_TRUE(find_block({.extents = {1, 2, 3, 1, 4, 5}, .output = {0, 15, 5, 0, 0, 1}, .output_elems = 30, .reduced_elems = 4}, &block));
  EXPECT_EQ(block.outer, 6);
  EXPECT_EQ(block.reduced, 4);
  EXPECT_EQ(block.inner, 5);
  EXPECT_FALSE(find_block({.extents = {1, 1, 2, 3, 4, 5}, .output = {0, 0, 0, 5, 0, 1}, .output_elems = 15, .reduced_elems = 8}, &block));
  EXPECT_TRUE(find_block({.extents = {1, 1, 2, 3, 4, 5}, .output = {0, 0, 12, 4, 1, 0}, .output_elems = 24, .reduced_elems = 5}, &block));
  EXPECT_EQ(block.inner, 1);
  EXPECT_EQ(find_int8_block_kernel(Isa::kReference), nullptr);
}

TEST(MeanFloat32, EveryBlockKernelSumsInMemoryOrder) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    const auto extent = [&](int32_t most) { return rng.next_below(4) == 0 ? 1 : random_between(rng, 1, most); };
    const auto outer = static_cast<size_t>(extent(3)), reduced = static_cast<size_t>(extent(70)), inner = static_cast<size_t>(extent(200));
    const std::vector<float> values = random_floats(rng, outer * reduced * inner);
    std::vector<float> expected;
    for (size_t at = 0; at < outer * inner; ++at) {
      float sum = 0;
      for (size_t position = 0; position < reduced; ++position) sum += values[(at / inner * reduced + position) * inner + at % inner];
      expected.push_back(sum / static_cast<float>(reduced));
    }
    const Block block = {static_cast<int64_t>(outer), static_cast<int64_t>(reduced), static_cast<int64_t>(inner)};
    for (Isa isa : supported_isas()) {
      const Float32BlockKernel* kernel = find_float32_block_kernel(isa);
      if (kernel == nullptr) continue;
      GuardedBuffer<float> input(values), output(expected.size());
      for (int64_t part = 2; part >= 0; --part) kernel->run(block, part_of(block.outer, part, 3), input.data(), output.data());
      ASSERT_TRUE(same_bits(output.values(), expected)) << kernel->name << ", seed " << seed;
    }
  }
}

TEST(Mean, ReducesTheAxesWithStrideZero) {
  // [2,3,4,5] over axes 1 and 2, and over the last axis.
  Rng rng(3);
  const std::vector<float> input = random_floats(rng, 120);
  Reduction inner = {.extents = {1, 1, 2, 3, 4, 5}, .output = {0, 0, 5, 0, 0, 1}, .output_elems = 10, .reduced_elems = 12};
  std::vector<float> output(10);
  mean_float32(inner, input.data(), output.data());
  for (size_t image = 0; image < 2; ++image) {
    for (size_t channel = 0; channel < 5; ++channel) {
      float sum = 0;
      for (size_t pixel = 0; pixel < 12; ++pixel) sum += input[image * 60 + pixel * 5 + channel];
      EXPECT_EQ(output[image * 5 + channel], sum / 12.0f);
    }
  }
  Reduction last = {.extents = {1, 1, 2, 3, 4, 5}, .output = {0, 0, 12, 4, 1, 0}, .output_elems = 24, .reduced_elems = 5};
  output.resize(24);
  mean_float32(last, input.data(), output.data());
  for (size_t row = 0; row < 24; ++row) {
    float sum = 0;
    for (size_t column = 0; column < 5; ++column) sum += input[row * 5 + column];
    EXPECT_EQ(output[row], sum / 5.0f);
  }
}

}  // namespace
}  // namespace liteqat::kernels::mean
