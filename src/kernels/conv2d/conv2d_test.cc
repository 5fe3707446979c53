#include "kernels/conv2d/conv2d.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/test_oracles.h"
#include "numeric/padding.h"

namespace liteqat::kernels::conv2d {
namespace {

using namespace kernels::testing;

/// Small, odd, around vector and block widths.
Window random_window(Rng& rng) {
  constexpr int32_t kChannels[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 40, 65};
  Window window;
  window.batch = random_between(rng, 1, 3);
  window.in_h = random_between(rng, 1, 9);
  window.in_w = random_between(rng, 1, 9);
  window.in_c = kChannels[rng.next_below(13)];
  window.out_c = kChannels[rng.next_below(13)];
  window.filter_h = random_between(rng, 1, 4);
  window.filter_w = random_between(rng, 1, 4);
  window.stride_h = random_between(rng, 1, 3);
  window.stride_w = random_between(rng, 1, 3);
  window.dilation_h = random_between(rng, 1, 2);
  window.dilation_w = random_between(rng, 1, 2);
  window.out_h = random_between(rng, 1, 6);
  window.out_w = random_between(rng, 1, 6);
  // More padding than SAME ever gives: whole windows may lie outside.
  window.pad_top = random_between(rng, 0, 4);
  window.pad_left = random_between(rng, 0, 4);
  return window;
}

size_t input_elems(const Window& w) {
  return static_cast<size_t>(w.batch) * w.in_h * w.in_w * w.in_c;
}
size_t output_elems(const Window& w) {
  return static_cast<size_t>(w.batch) * w.out_h * w.out_w * w.out_c;
}
size_t weight_elems(const Window& w) {
  return static_cast<size_t>(w.out_c) * w.filter_h * w.filter_w * w.in_c;
}

/// Calls tap(x, w) with element offsets for one output, in the order in which it must be summed.
template <typename Tap>
void oracle_taps(const Window& w, int64_t output_offset, const Tap& tap) {
  const int64_t channel = output_offset % w.out_c, out_x = output_offset / w.out_c % w.out_w;
  const int64_t out_y = output_offset / w.out_c / w.out_w % w.out_h, image = output_offset / w.out_c / w.out_w / w.out_h;
  for (int64_t flat = 0; flat < int64_t{w.filter_h} * w.filter_w * w.in_c; ++flat) {
    const int64_t in_c = flat % w.in_c, ky = flat / w.in_c / w.filter_w, kx = flat / w.in_c % w.filter_w;
    const int64_t y = out_y * w.stride_h + ky * w.dilation_h - w.pad_top, x = out_x * w.stride_w + kx * w.dilation_w - w.pad_left;
    if (y < 0 || x < 0 || y >= w.in_h || x >= w.in_w) continue;
    tap(((image * w.in_h + y) * w.in_w + x) * w.in_c + in_c, channel * w.filter_h * w.filter_w * w.in_c + flat);
  }
}

struct Int8Case {
  Int8Params params;
  std::vector<int8_t> input, weights;
  std::vector<int32_t> bias;
  std::vector<double> rescale;
  std::vector<numeric::Multiplier> multipliers;

  int64_t accumulator(size_t offset) const {
    int64_t sum = bias.empty() ? 0 : bias[offset % static_cast<size_t>(params.window.out_c)];
    oracle_taps(params.window, static_cast<int64_t>(offset), [&](int64_t x, int64_t w) {
      sum += (int64_t{input[static_cast<size_t>(x)]} - params.input_zero_point) * weights[static_cast<size_t>(w)];
    });
    return sum;
  }

  std::vector<int8_t> oracle() const {
    std::vector<int8_t> output(output_elems(params.window));
    for (size_t offset = 0; offset < output.size(); ++offset) {
      const size_t channel = offset % static_cast<size_t>(params.window.out_c);
      const int64_t code = exact_rescale(accumulator(offset), rescale[channel]) + params.output_zero_point;
      output[offset] = static_cast<int8_t>(clamp(code, params.clamp.low, params.clamp.high));
    }
    return output;
  }
};

Int8Case random_int8_case(Rng& rng, const Window& window) {
  Int8Case example;
  example.input = random_codes(rng, input_elems(window));
  example.weights = random_codes(rng, weight_elems(window), rng.next_below(2) == 0 ? -127 : -128);
  for (int32_t channel = 0; channel < window.out_c; ++channel) {
    example.bias.push_back(random_between(rng, -20000, 20000));
    example.rescale.push_back(std::ldexp(0.5 + rng.next_double() / 2, random_between(rng, -19, 1)));
    example.multipliers.push_back(numeric::quantize_multiplier(example.rescale.back()));
  }
  if (rng.next_below(4) == 0) example.bias.clear();
  const int32_t ends[] = {-128, 127, 0, random_between(rng, -128, 127)};
  example.params = {.window = window,
                    .weights = example.weights.data(),
                    .bias = example.bias.empty() ? nullptr : example.bias.data(),
                    .multipliers = example.multipliers.data(),
                    .input_zero_point = ends[rng.next_below(4)],
                    .output_zero_point = ends[rng.next_below(4)],
                    .clamp = {-128, 127}};
  if (rng.next_below(2) == 0)
    example.params.clamp = {example.params.output_zero_point, random_between(rng, example.params.output_zero_point, 127)};
  return example;
}

/// XNNPACK's product in float32, ties to even, by the C library.
int8_t half_even_code(int64_t accumulator, float factor, const Int8Params& params) {
  const double rounded = std::nearbyint(static_cast<double>(static_cast<float>(static_cast<int32_t>(accumulator)) * factor));
  return static_cast<int8_t>(std::clamp(rounded + params.output_zero_point, double(params.clamp.low), double(params.clamp.high)));
}

TEST(Conv2DInt8, EveryKernelEqualsXnnpacksProductInFloat) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed + 1000);
    Int8Case example = random_int8_case(rng, random_window(rng));
    std::vector<float> factors;
    for (double rescale : example.rescale) factors.push_back(static_cast<float>(rng.next_below(8) == 0 ? 0x1p-7 : rescale));
    example.params.multipliers = nullptr;
    example.params.factors = factors.data();
    std::vector<int8_t> expected;
    for (size_t offset = 0; offset < output_elems(example.params.window); ++offset) {
      const size_t channel = offset % factors.size();
      expected.push_back(half_even_code(example.accumulator(offset), factors[channel], example.params));
    }
    for (Isa isa : supported_isas()) {
      const Int8Kernel& kernel = find_int8_kernel(example.params, isa);
      ASSERT_EQ(run_guarded(kernel, example.params, example.input, expected.size()), expected) << kernel.name << ", seed " << seed;
    }
  }
}

TEST(Conv2DInt8, SweepOfOutputChannelsAndPixels) {
  // Every number of channels beside whole blocks, by odd and even numbers of pixels from one on, with and without a window; multipliers in
  // all modes: half of them large, which have no steps, or none but small ones, which have.
  uint64_t seed = 2000;
  for (int32_t channels = 1; channels <= 96; ++channels) {
    for (int32_t pixels : {1, 2 + channels % 7, 15 + channels % 5, 33}) {
      Rng rng(++seed);
      const int32_t filter = 1 + 2 * static_cast<int32_t>(rng.next_below(2));
      Int8Case example = random_int8_case(rng, {.in_h = 2,
                                                .in_w = pixels,
                                                .in_c = random_between(rng, 1, 9),
                                                .out_h = 2,
                                                .out_w = pixels,
                                                .out_c = channels,
                                                .filter_h = filter,
                                                .filter_w = filter,
                                                .pad_top = filter / 2,
                                                .pad_left = filter / 2});
      if (seed % 2 == 0) {
        for (size_t channel = 0; channel < example.rescale.size(); ++channel) {
          example.rescale[channel] = std::ldexp(0.5 + rng.next_double() / 2, -9);
          example.multipliers[channel] = numeric::quantize_multiplier(example.rescale[channel]);
        }
      }
      const std::vector<int8_t> expected = example.oracle();
      for (Isa isa : supported_isas()) {
        const Int8Kernel& kernel = find_int8_kernel(example.params, isa);
        ASSERT_EQ(run_guarded(kernel, example.params, example.input, expected.size()), expected) << kernel.name << ", seed " << seed;
      }
    }
  }
}

TEST(Conv2DInt8, EveryKernelEqualsExactArithmetic) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    Rng rng(seed);
    const Int8Case example = random_int8_case(rng, random_window(rng));
    const std::vector<int8_t> expected = example.oracle();
    for (Isa isa : supported_isas()) {
      const Int8Kernel& kernel = find_int8_kernel(example.params, isa);
      ASSERT_EQ(run_guarded(kernel, example.params, example.input, expected.size()), expected) << kernel.name << ", seed " << seed;
    }
  }
}

TEST(Conv2DInt8, MultiplierAndAccumulatorEnds) {
  // One tap of 1 * 1: the accumulator is the bias. Shifts over their whole range, biases up to the ends that do not overflow when shifted.
  for (int32_t shift = -31; shift <= 8; ++shift) {
    const int32_t largest = static_cast<int32_t>(INT32_MAX >> (shift > 0 ? shift : 0));
    Int8Case example;
    const Window window = {.out_c = 64};
    Rng rng(static_cast<uint64_t>(shift + 100));
    for (int32_t channel = 0; channel < window.out_c; ++channel) {
      const int32_t small = channel % 8 - 4;
      const int32_t choices[] = {largest, -largest, small, small * 64 + 32, random_between(rng, -largest / 2, largest / 2)};
      example.bias.push_back(choices[channel % 5]);
      example.rescale.push_back(std::ldexp(channel % 2 == 0 ? 0.5 : 0.5 + rng.next_double() / 2, shift));
      example.multipliers.push_back(numeric::quantize_multiplier(example.rescale.back()));
    }
    example.input = {-128};
    example.weights.assign(64, 3);
    example.params = {.window = window,
                      .weights = example.weights.data(),
                      .bias = example.bias.data(),
                      .multipliers = example.multipliers.data(),
                      .input_zero_point = -128,
                      .output_zero_point = 0,
                      .clamp = {-128, 127}};
    const std::vector<int8_t> expected = example.oracle();
    for (Isa isa : supported_isas()) {
      const Int8Kernel& kernel = find_int8_kernel(example.params, isa);
      ASSERT_EQ(run_guarded(kernel, example.params, example.input, expected.size()), expected) << kernel.name << ", shift " << shift;
    }
  }
}

TEST(Conv2DInt8, LargestProductsDoNotOverflowPairs) {
  // (-128 - 127) * -128 in every one of 512 taps, next to the largest of the other sign.
  Int8Case example;
  const Window window = {.in_c = 512, .out_c = 33};
  example.input.assign(512, -128);
  for (size_t elem = 0; elem < weight_elems(window); ++elem) example.weights.push_back(elem / 512 % 2 == 0 ? -128 : 127);
  example.rescale.assign(33, 127.0 / (255.0 * 128 * 512));
  for (double rescale : example.rescale) example.multipliers.push_back(numeric::quantize_multiplier(rescale));
  example.params = {.window = window,
                    .weights = example.weights.data(),
                    .multipliers = example.multipliers.data(),
                    .input_zero_point = 127,
                    .output_zero_point = 0,
                    .clamp = {-128, 127}};
  const std::vector<int8_t> expected = example.oracle();
  EXPECT_EQ(expected[0], 127);
  EXPECT_EQ(expected[1], -126);
  for (Isa isa : supported_isas()) {
    EXPECT_EQ(run_guarded(find_int8_kernel(example.params, isa), example.params, example.input, 33), expected) << isa_name(isa);
  }
}

std::vector<float> float_oracle(const Float32Params& params, const std::vector<float>& input) {
  std::vector<float> output(output_elems(params.window));
  for (size_t offset = 0; offset < output.size(); ++offset) {
    std::vector<std::pair<float, float>> products;
    oracle_taps(params.window, static_cast<int64_t>(offset),
                [&](int64_t x, int64_t w) { products.emplace_back(input[static_cast<size_t>(x)], params.weights[w]); });
    const float bias = params.bias == nullptr ? 0.0f : params.bias[offset % static_cast<size_t>(params.window.out_c)];
    const float sum = sum_products(params.sum, bias, products);
    output[offset] = sum < params.clamp.low ? params.clamp.low : sum > params.clamp.high ? params.clamp.high : sum;
  }
  return output;
}

TEST(Conv2DFloat32, EveryKernelSumsInTheStatedOrder) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    Rng rng(seed);
    const Window window = random_window(rng);
    const std::vector<float> input = random_floats(rng, input_elems(window)), weights = random_floats(rng, weight_elems(window));
    const std::vector<float> bias = random_floats(rng, static_cast<size_t>(window.out_c));
    const auto activation = static_cast<numeric::Activation>(rng.next_below(4));
    Float32Params params = {.window = window,
                            .weights = weights.data(),
                            .bias = rng.next_below(4) == 0 ? nullptr : bias.data(),
                            .clamp = numeric::float_clamp(activation)};
    for (numeric::FloatSum sum : kFloatSums) {
      params.sum = sum;
      const std::vector<float> expected = float_oracle(params, input);
      for (Isa isa : supported_isas()) {
        const Float32Kernel& kernel = find_float32_kernel(params, isa);
        ASSERT_TRUE(same_bits(run_guarded(kernel, params, input, expected.size()), expected)) << kernel.name << ", seed " << seed;
      }
    }
  }
}

// Few pixels are divided among workers by channels and by halves of the pixels: any division gives the same bytes.
TEST(Conv2DFloat32, FewPixelsInAnyDivision) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng(seed);
    const int32_t h = random_between(rng, 1, 8), w = random_between(rng, 1, 9);
    const Window window = {.batch = random_between(rng, 1, 2),
                           .in_h = h,
                           .in_w = w,
                           .in_c = random_between(rng, 1, 20),
                           .out_h = h,
                           .out_w = w,
                           .out_c = random_between(rng, 1, 200)};
    const std::vector<float> input = random_floats(rng, input_elems(window)), weights = random_floats(rng, weight_elems(window));
    const Float32Params params = {.window = window,
                                  .weights = weights.data(),
                                  .clamp = numeric::float_clamp(numeric::Activation::kRelu),
                                  .sum = kFloatSums[seed % 2]};
    const std::vector<float> expected = float_oracle(params, input);
    for (Isa isa : supported_isas()) {
      const Float32Kernel& kernel = find_float32_kernel(params, isa);
      for (int64_t parts = 1; parts <= std::min<int64_t>(kernel.units(params), 9); ++parts) {
        ASSERT_TRUE(same_bits(run_guarded(kernel, params, input, expected.size(), parts), expected))
            << kernel.name << ", seed " << seed << ", parts " << parts;
      }
    }
  }
}

// A fused product too small for float32 leaves -0, which taps in the padding would turn into 0 on strips and skipped taps would not.
TEST(Conv2DFloat32, ZerosHaveOneSign) {
  const Window window = {.filter_h = 3, .filter_w = 3, .pad_top = 1, .pad_left = 1};
  const std::vector<float> weights(9, 1e-30f);
  for (numeric::FloatSum sum : kFloatSums) {
    const Float32Params params = {
        .window = window, .weights = weights.data(), .clamp = numeric::float_clamp(numeric::Activation::kNone), .sum = sum};
    for (Isa isa : supported_isas()) {
      const std::vector<float> output = run_guarded(find_float32_kernel(params, isa), params, {-1e-30f}, 1);
      EXPECT_TRUE(same_bits(output, std::vector<float>{0.0f})) << isa_name(isa);
    }
  }
}

TEST(Conv2DFloat32, InfiniteWeightsMeetNoPadding) {
  // 3x3 SAME on a 1x1 input: only the middle tap is valid; an infinite weight on a padded tap must not turn into NaN.
  const Window window = {.filter_h = 3, .filter_w = 3, .pad_top = 1, .pad_left = 1};
  std::vector<float> weights(9, std::numeric_limits<float>::infinity());
  weights[4] = 2.0f;
  const Float32Params params = {.window = window, .weights = weights.data(), .clamp = numeric::float_clamp(numeric::Activation::kNone)};
  for (Isa isa : supported_isas()) {
    EXPECT_EQ(run_guarded(find_float32_kernel(params, isa), params, {3.0f}, 1), std::vector<float>{6.0f}) << isa_name(isa);
  }
}

TEST(Conv2DFloat32, NanReachesTheOutput) {
  const Window window = {.out_c = 20};
  const std::vector<float> weights(20, 1.0f);
  const Float32Params params = {.window = window, .weights = weights.data(), .clamp = numeric::float_clamp(numeric::Activation::kRelu6)};
  for (Isa isa : supported_isas()) {
    for (float value : run_guarded(find_float32_kernel(params, isa), params, {std::numeric_limits<float>::quiet_NaN()}, 20)) {
      EXPECT_TRUE(std::isnan(value)) << isa_name(isa);
    }
  }
}

TEST(Conv2DKernels, TheStrongestSupportedOneIsChosen) {
  const float weight = 1;
  const Float32Params params = {.weights = &weight};
  struct Names {
    Isa isa;
    const char *float32, *int8;
  };
  const Names kNames[] = {{Isa::kReference, "conv2d_f32_f32_reference", "conv2d_i8_i32_reference"},
                          {Isa::kAvx2, "conv2d_f32_f32_strips_avx2", "conv2d_i8_i32_dot_avx2"},
                          {Isa::kAvx512, "conv2d_f32_f32_strips_avx512", "conv2d_i8_i32_dot_avx512"},
                          {Isa::kAvx512Vnni, "conv2d_f32_f32_strips_avx512", "conv2d_i8_i32_dot_avx512vnni"},
                          {Isa::kNeonDot, "conv2d_f32_f32_strips_neondot", "conv2d_i8_i32_dot_neondot"}};
  for (const Names& names : kNames) {
    if (!isa_supported(names.isa)) continue;
    EXPECT_STREQ(find_float32_kernel(params, names.isa).name, names.float32);
    EXPECT_STREQ(find_int8_kernel({}, names.isa).name, names.int8);
  }
}

}  // namespace
}  // namespace liteqat::kernels::conv2d
