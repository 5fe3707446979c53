// Small cases by hand, and random ones against sums in double with a derived bound.
#include "kernels/weighted/float32.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/conv2d/conv2d.h"
#include "kernels/depthwise_conv2d/depthwise_conv2d.h"
#include "kernels/test_oracles.h"

namespace liteqat::kernels::weighted {
namespace {

constexpr numeric::FloatClamp kOpen = {-INFINITY, INFINITY};

TEST(WeightedFloat, GroupsSeeOnlyTheirChannels) {
  const FloatParams params = {.window = {.in_c = 4, .out_c = 2}, .channels = {.groups = 2}, .clamp = kOpen};
  const float input[] = {1, 2, 3, 4}, weights[] = {10, 1, 10, 1}, bias[] = {0.5f, -0.5f};
  float output[2];
  run_float32(params, {0, 1}, input, weights, bias, output);
  EXPECT_EQ(output[0], 12.5f);
  EXPECT_EQ(output[1], 33.5f);
}

TEST(DynamicRange, SymmetricCodesOfTheLargestMagnitude) {
  const float values[] = {-2, 1, 0.5f, 0};
  int8_t codes[4];
  for (auto how : {InputQuantization::kPortable, InputQuantization::kVector}) {
    const DynamicRange range = quantize_symmetric(how, 4, values, codes);
    EXPECT_EQ(range.scale, 2.0f / 127.0f);
    EXPECT_EQ(range.zero_point, 0);
    EXPECT_EQ(std::vector<int>(codes, codes + 4), (std::vector<int>{-127, 64, 32, 0}));  // 63.5 and 31.75
  }
}

TEST(DynamicRange, AsymmetricCodesKeepZeroExact) {
  const float values[] = {0, 255, 51};
  int8_t codes[3];
  for (auto how : {InputQuantization::kPortable, InputQuantization::kVector}) {
    const DynamicRange range = quantize_asymmetric(how, 3, values, codes);
    EXPECT_EQ(range.scale, 1.0f);
    EXPECT_EQ(range.zero_point, -128);
    EXPECT_EQ(std::vector<int>(codes, codes + 3), (std::vector<int>{-128, 127, -77}));
  }
}

TEST(DynamicRange, ZerosHaveScaleOne) {
  const float values[] = {0, 0};
  int8_t codes[] = {5, 5};
  for (auto how : {InputQuantization::kPortable, InputQuantization::kVector}) {
    EXPECT_EQ(quantize_symmetric(how, 2, values, codes).scale, 1.0f);
    EXPECT_EQ(quantize_asymmetric(how, 2, values, codes).scale, 1.0f);
    EXPECT_EQ(codes[0], 0);
  }
}

TEST(Hybrid, IsTheRealProductWithinHalfACodePerTerm) {
  // Each input is off by at most half a step (and a step for the zero point's rounding at the ends), each product by that times |w|.
  Rng rng(3);
  for (bool symmetric : {false, true}) {
    for (auto product : {HybridProduct::kScalesFirst, HybridProduct::kWeightsThenInput}) {
      constexpr int32_t kDepth = 24, kOutputs = 5, kImages = 3;
      HybridParams params = {.window = {.batch = kImages, .in_c = kDepth, .out_c = kOutputs}, .product = product};
      params.symmetric_input = symmetric;
      params.clamp = kOpen;
      std::vector<float> scales(kOutputs, 0.01f), bias(kOutputs), input(kDepth * kImages), output(kOutputs * kImages);
      std::vector<int8_t> weights(kDepth * kOutputs);
      for (float& value : bias) value = rng.next_float();
      for (float& value : input) value = static_cast<float>(rng.next_normal());
      for (int8_t& value : weights) value = static_cast<int8_t>(static_cast<int32_t>(rng.next_below(255)) - 127);
      params.weight_scales = scales.data();
      std::vector<std::byte> scratch(static_cast<size_t>(hybrid_scratch_bytes(params)));
      run_hybrid(params, {0, kImages}, input.data(), weights.data(), bias.data(), output.data(), scratch.data());
      for (size_t image = 0; image < kImages; ++image) {
        double low = 0, high = 0;
        for (size_t term = 0; term < kDepth; ++term) {
          low = std::fmin(low, input[image * kDepth + term]);
          high = std::fmax(high, input[image * kDepth + term]);
        }
        const double step = symmetric ? std::fmax(-low, high) / 127 : (high - low) / 255;
        for (size_t out = 0; out < kOutputs; ++out) {
          double real = bias[out], weight_sum = 0;
          for (size_t term = 0; term < kDepth; ++term) {
            const double weight = 0.01 * weights[out * kDepth + term];
            real += weight * input[image * kDepth + term];
            weight_sum += std::abs(weight);
          }
          EXPECT_NEAR(output[image * kOutputs + out], real, weight_sum * step * 1.0 + 1e-4);
        }
      }
    }
  }
}

// The general loops and the families' own kernels are the same definition, in the order of their taps too.
TEST(WeightedFloat, IsWhatTheFamiliesCompute) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Rng rng(seed);
    Window window = {.batch = 2, .in_h = 5, .in_w = 6, .in_c = testing::random_between(rng, 1, 9), .out_h = 4, .out_w = 5};
    window.filter_h = testing::random_between(rng, 1, 3), window.filter_w = testing::random_between(rng, 1, 3);
    window.pad_top = testing::random_between(rng, 0, 1), window.pad_left = testing::random_between(rng, 0, 1);
    window.out_c = window.in_c * testing::random_between(rng, 1, 2);
    const auto elems = [](int32_t a, int32_t b, int32_t c) {
      return static_cast<size_t>(a) * static_cast<size_t>(b) * static_cast<size_t>(c);
    };
    const std::vector<float> input = testing::random_floats(rng, 2 * elems(5, 6, window.in_c));
    const std::vector<float> weights = testing::random_floats(rng, elems(window.filter_h, window.filter_w, window.out_c * window.in_c));
    const std::vector<float> bias = testing::random_floats(rng, static_cast<size_t>(window.out_c));
    const numeric::FloatClamp clamp = {-3.0f, 3.0f};
    std::vector<float> expected(2 * elems(4, 5, window.out_c)), output(expected.size());
    const auto general = [&](FloatParams params) {
      run_float32(params, {0, window.out_rows()}, input.data(), weights.data(), bias.data(), output.data());
    };
    for (numeric::FloatSum sum : testing::kFloatSums) {
      const depthwise_conv2d::Float32Params by_channel = {
          .window = window, .weights = weights.data(), .bias = bias.data(), .clamp = clamp, .sum = sum};
      depthwise_conv2d::find_float32_kernel(by_channel, Isa::kReference)
          .run(by_channel, {0, window.out_rows()}, input.data(), expected.data());
      general({.window = window, .channels = {.depthwise = true}, .clamp = clamp, .sum = sum});
      EXPECT_TRUE(testing::same_bits(output, expected)) << "depthwise, seed " << seed;
      const conv2d::Float32Params whole = {.window = window, .weights = weights.data(), .bias = bias.data(), .clamp = clamp, .sum = sum};
      conv2d::find_float32_kernel(whole, Isa::kReference).run(whole, {0, window.out_rows()}, input.data(), expected.data());
      general({.window = window, .channels = {}, .clamp = clamp, .sum = sum});
      EXPECT_TRUE(testing::same_bits(output, expected)) << "convolution, seed " << seed;
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::weighted
