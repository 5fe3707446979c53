#include "kernels/fully_connected/fully_connected.h"

#include <gtest/gtest.h>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::fully_connected {
namespace {

using namespace kernels::testing;

Rows random_rows(Rng& rng) {
  constexpr int32_t kExtents[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 34, 63, 65, 100};
  return {.rows = random_between(rng, 1, 40), .in = kExtents[rng.next_below(16)], .out = kExtents[rng.next_below(16)]};
}

size_t elems(int32_t a, int32_t b) {
  return static_cast<size_t>(a) * static_cast<size_t>(b);
}

struct Int8Case {
  Int8Params params;
  std::vector<int8_t> input, weights;
  std::vector<int32_t> bias;
  std::vector<double> rescale;

  std::vector<int8_t> oracle() const {
    const Rows& shape = params.shape;
    std::vector<int8_t> output;
    for (int32_t row = 0; row < shape.rows; ++row) {
      for (int32_t out = 0; out < shape.out; ++out) {
        int64_t sum = bias.empty() ? 0 : bias[static_cast<size_t>(out)];
        for (int32_t in = 0; in < shape.in; ++in) {
          sum += (int64_t{input[elems(row, shape.in) + static_cast<size_t>(in)]} - params.input_zero_point) *
                 weights[elems(out, shape.in) + static_cast<size_t>(in)];
        }
        const int64_t code = std::llround(static_cast<double>(sum) * rescale[static_cast<size_t>(out)]) + params.output_zero_point;
        output.push_back(static_cast<int8_t>(clamp(code, params.clamp.low, params.clamp.high)));
      }
    }
    return output;
  }

  void bind(const Rows& shape) {
    params.shape = shape;
    params.weights = weights.data();
    params.bias = bias.empty() ? nullptr : bias.data();
    params.rescale = rescale.data();
  }
};

void expect_every_kernel_equals_oracle(const Int8Case& example, uint64_t seed) {
  const std::vector<int8_t> expected = example.oracle();
  for (Isa isa : supported_isas()) {
    const Int8Kernel& kernel = find_int8_kernel(example.params, Requantization::kDoubleHalfAway, isa);
    ASSERT_EQ(run_guarded(kernel, example.params, example.input, expected.size()), expected) << kernel.name << ", seed " << seed;
  }
}

TEST(FullyConnectedInt8, EveryKernelEqualsPlainLoops) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    const Rows shape = random_rows(rng);
    Int8Case example;
    example.input = random_codes(rng, elems(shape.rows, shape.in));
    example.weights = random_codes(rng, elems(shape.out, shape.in));
    for (int32_t out = 0; out < shape.out; ++out) {
      example.bias.push_back(random_between(rng, -20000, 20000));
      // Half of them powers of two, whose products end in exact ties.
      example.rescale.push_back(rng.next_below(2) == 0 ? std::ldexp(1.0, -random_between(rng, 1, 14)) : rng.next_double() / 100);
    }
    if (rng.next_below(4) == 0) example.bias.clear();
    const int32_t ends[] = {-128, 127, 0, random_between(rng, -128, 127)};
    example.params.input_zero_point = ends[rng.next_below(4)];
    example.params.output_zero_point = ends[rng.next_below(4)];
    example.params.clamp = {rng.next_below(2) == 0 ? example.params.output_zero_point : -128, 127};
    example.bind(shape);
    expect_every_kernel_equals_oracle(example, seed);
  }
}

TEST(FullyConnectedInt8, TiesGoAwayFromZeroAndLargeAccumulatorsSaturate) {
  const Rows shape = {.rows = 1, .in = 1, .out = 9};
  Int8Case example;
  example.input = {0};
  example.weights.assign(9, 1);
  example.bias = {1, -1, 3, -3, 5, INT32_MAX, INT32_MIN, 253, -255};
  example.rescale.assign(9, 0.5);
  example.params.clamp = {-128, 127};
  example.bind(shape);
  EXPECT_EQ(example.oracle(), (std::vector<int8_t>{1, -1, 2, -2, 3, 127, -128, 127, -128}));
  expect_every_kernel_equals_oracle(example, 0);
}

TEST(FullyConnectedFloat32, EveryKernelSumsInTheStatedOrder) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    const Rows shape = random_rows(rng);
    const std::vector<float> input = random_floats(rng, elems(shape.rows, shape.in));
    const std::vector<float> weights = random_floats(rng, elems(shape.out, shape.in));
    const std::vector<float> bias = random_floats(rng, static_cast<size_t>(shape.out));
    const Float32Params params = {.shape = shape,
                                  .weights = weights.data(),
                                  .bias = seed % 3 == 0 ? nullptr : bias.data(),
                                  .clamp = numeric::float_clamp(static_cast<numeric::Activation>(rng.next_below(4))),
                                  .sum = kFloatSums[seed % 2]};
    std::vector<float> expected;
    for (int32_t row = 0; row < shape.rows; ++row) {
      for (int32_t out = 0; out < shape.out; ++out) {
        std::vector<std::pair<float, float>> products;
        for (int32_t in = 0; in < shape.in; ++in) {
          products.emplace_back(input[elems(row, shape.in) + static_cast<size_t>(in)],
                                weights[elems(out, shape.in) + static_cast<size_t>(in)]);
        }
        const float sum = sum_products(params.sum, params.bias == nullptr ? 0.0f : bias[static_cast<size_t>(out)], products);
        expected.push_back(sum < params.clamp.low ? params.clamp.low : sum > params.clamp.high ? params.clamp.high : sum);
      }
    }
    for (Isa isa : supported_isas()) {
      const Float32Kernel& kernel = find_float32_kernel(params, isa);
      ASSERT_TRUE(same_bits(run_guarded(kernel, params, input, expected.size()), expected)) << kernel.name << ", seed " << seed;
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::fully_connected
