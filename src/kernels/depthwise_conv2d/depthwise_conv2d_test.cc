#include "kernels/depthwise_conv2d/depthwise_conv2d.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/test_oracles.h"
#include "numeric/padding.h"

namespace liteqat::kernels::depthwise_conv2d {
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
  window.out_c = window.in_c * (rng.next_below(3) == 0 ? random_between(rng, 2, 3) : 1);
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
  return static_cast<size_t>(w.out_c) * w.filter_h * w.filter_w;
}

/// Calls tap(x, w) with element offsets for one output, in the order in which it must be summed.
template <typename Tap>
void oracle_taps(const Window& w, int64_t output_offset, const Tap& tap, bool by_columns = false) {
  const int64_t channel = output_offset % w.out_c, out_x = output_offset / w.out_c % w.out_w;
  const int64_t out_y = output_offset / w.out_c / w.out_w % w.out_h, image = output_offset / w.out_c / w.out_w / w.out_h;
  const int64_t in_c = channel / (w.out_c / w.in_c);
  for (int64_t index = 0; index < int64_t{w.filter_h} * w.filter_w; ++index) {
    const int64_t flat = by_columns ? index % w.filter_h * w.filter_w + index / w.filter_h : index;
    const int64_t y = out_y * w.stride_h + flat / w.filter_w * w.dilation_h - w.pad_top;
    const int64_t x = out_x * w.stride_w + flat % w.filter_w * w.dilation_w - w.pad_left;
    if (y < 0 || x < 0 || y >= w.in_h || x >= w.in_w) continue;
    tap(((image * w.in_h + y) * w.in_w + x) * w.in_c + in_c, flat * w.out_c + channel);
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

TEST(DepthwiseConv2DInt8, EveryKernelEqualsXnnpacksProductInFloat) {
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

TEST(DepthwiseConv2DInt8, EveryKernelEqualsExactArithmetic) {
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

TEST(DepthwiseConv2DInt8, SweepsOfChannelsAndWidths) {
  // Every rest of channels beside whole blocks, filters 3 and 5, strides 1 and 2, widths from 1 on, multipliers with and without steps.
  uint64_t seed = 1000;
  for (int32_t filter : {3, 5}) {
    for (int32_t stride : {1, 2}) {
      for (int32_t channels = 1; channels <= 131; channels += seed % 7 == 0 ? 5 : 2) {
        Rng rng(++seed);
        const int32_t in_h = random_between(rng, 1, 5), in_w = random_between(rng, 1, 7);
        const bool same = rng.next_below(4) != 0 || in_h < filter || in_w < filter;
        const auto out = [&](int32_t in) { return same ? (in + stride - 1) / stride : (in - filter) / stride + 1; };
        const auto pad = [&](int32_t in) { return same ? std::max((out(in) - 1) * stride + filter - in, 0) / 2 : 0; };
        Int8Case example = random_int8_case(rng, {.batch = 2,
                                                  .in_h = in_h,
                                                  .in_w = in_w,
                                                  .in_c = channels,
                                                  .out_h = out(in_h),
                                                  .out_w = out(in_w),
                                                  .out_c = channels,
                                                  .filter_h = filter,
                                                  .filter_w = filter,
                                                  .stride_h = stride,
                                                  .stride_w = stride,
                                                  .pad_top = pad(in_h),
                                                  .pad_left = pad(in_w)});
        const std::vector<int8_t> expected = example.oracle();
        for (Isa isa : supported_isas()) {
          const Int8Kernel& kernel = find_int8_kernel(example.params, isa);
          ASSERT_EQ(run_guarded(kernel, example.params, example.input, expected.size()), expected) << kernel.name << ", seed " << seed;
        }
      }
    }
  }
}

TEST(DepthwiseConv2DInt8, WideRowsAndManyChannels) {
  // Rows wider, and channels more, than what a kernel interleaves at a time: parts of a row, groups of channels, of which the last is
  // smaller than a block, and both with odd rests.
  uint64_t seed = 2000;
  for (int32_t stride : {1, 2}) {
    for (const auto& [in_w, channels] : {std::pair{103, 70}, {90, 144}, {301, 24}, {9, 713}, {7, 1100}, {33, 577}, {400, 67}, {10, 650}}) {
      Rng rng(++seed);
      const int32_t in_h = random_between(rng, 1, 4), pad_top = random_between(rng, 0, 1), pad_left = random_between(rng, 0, 2);
      Int8Case example = random_int8_case(rng, {.batch = 2,
                                                .in_h = in_h,
                                                .in_w = in_w,
                                                .in_c = channels,
                                                .out_h = (in_h + stride - 1) / stride,
                                                .out_w = (in_w + stride - 1) / stride - random_between(rng, 0, 1),
                                                .out_c = channels,
                                                .filter_h = 3,
                                                .filter_w = 3,
                                                .stride_h = stride,
                                                .stride_w = stride,
                                                .pad_top = pad_top,
                                                .pad_left = pad_left});
      const std::vector<int8_t> expected = example.oracle();
      for (Isa isa : supported_isas()) {
        const Int8Kernel& kernel = find_int8_kernel(example.params, isa);
        ASSERT_EQ(run_guarded(kernel, example.params, example.input, expected.size()), expected) << kernel.name << ", seed " << seed;
      }
    }
  }
}

TEST(DepthwiseConv2DInt8, AccumulatorsWrap) {
  // Bias at the end of int32 and products of one sign: every kernel wraps as the definition does. A factor of 2^-23 keeps codes apart.
  for (int32_t sign : {-1, 1}) {
    const int32_t channels = 67;
    const Window window = {.in_h = 4,
                           .in_w = 4,
                           .in_c = channels,
                           .out_h = 4,
                           .out_w = 4,
                           .out_c = channels,
                           .filter_h = 3,
                           .filter_w = 3,
                           .pad_top = 1,
                           .pad_left = 1};
    const std::vector<int8_t> input(input_elems(window), 127), weights(weight_elems(window), static_cast<int8_t>(127 * sign));
    const std::vector<int32_t> bias(channels, sign > 0 ? INT32_MAX - 200000 : INT32_MIN + 200000);
    const std::vector<numeric::Multiplier> multipliers(channels, numeric::quantize_multiplier(0x1p-23));
    const Int8Params params = {.window = window,
                               .weights = weights.data(),
                               .bias = bias.data(),
                               .multipliers = multipliers.data(),
                               .input_zero_point = -128,
                               .output_zero_point = -3,
                               .clamp = {-128, 127}};
    // Corners see 4 taps (no wrap), inner pixels 9 (wrapped).
    const auto code = [&](int64_t taps) {
      const auto wrapped = static_cast<int32_t>(static_cast<uint32_t>(bias[0]) + static_cast<uint32_t>(taps * 255 * 127 * sign));
      return static_cast<int8_t>(clamp(exact_rescale(wrapped, 0x1p-23) - 3, -128, 127));
    };
    for (Isa isa : supported_isas()) {
      const Int8Kernel& kernel = find_int8_kernel(params, isa);
      const std::vector<int8_t> output = run_guarded(kernel, params, input, output_elems(window));
      for (size_t channel = 0; channel < static_cast<size_t>(channels); ++channel) {
        ASSERT_EQ(output[channel], code(4)) << kernel.name;
        ASSERT_EQ(output[static_cast<size_t>(channels) * 5 + channel], code(9)) << kernel.name;
      }
    }
  }
}

std::vector<float> float_oracle(const Float32Params& params, const std::vector<float>& input) {
  std::vector<float> output(output_elems(params.window));
  for (size_t offset = 0; offset < output.size(); ++offset) {
    std::vector<std::pair<float, float>> products;
    oracle_taps(
        params.window, static_cast<int64_t>(offset),
        [&](int64_t x, int64_t w) { products.emplace_back(input[static_cast<size_t>(x)], params.weights[w]); },
        params.sum == numeric::FloatSum::kFused && params.window.in_c == params.window.out_c);
    const float bias = params.bias == nullptr ? 0.0f : params.bias[offset % static_cast<size_t>(params.window.out_c)];
    const float sum = sum_products(params.sum, bias, products);
    output[offset] = sum < params.clamp.low ? params.clamp.low : sum > params.clamp.high ? params.clamp.high : sum;
  }
  return output;
}

void expect_stated_order(Rng& rng, const Window& window, uint64_t seed) {
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

TEST(DepthwiseConv2DFloat32, EveryKernelSumsInTheStatedOrder) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    Rng rng(seed);
    expect_stated_order(rng, random_window(rng), seed);
  }
}

/// Rows long enough that outputs are computed together between their first and last columns; the last ones end at the right edge, a column
/// before it or beyond it.
TEST(DepthwiseConv2DFloat32, NeighbouringOutputsMeetBothEdges) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    Rng rng(seed);
    Window window = random_window(rng);
    window.out_c = window.in_c;
    window.batch = random_between(rng, 1, 2);
    window.stride_w = random_between(rng, 1, 2);
    window.out_w = random_between(rng, 4, 14);
    window.pad_left = random_between(rng, 0, 2);
    const int32_t reach = (window.out_w - 1) * window.stride_w + (window.filter_w - 1) * window.dilation_w + 1 - window.pad_left;
    window.in_w = std::max(1, reach - random_between(rng, 0, 2));
    expect_stated_order(rng, window, seed);
  }
}

TEST(DepthwiseConv2DFloat32, InfiniteWeightsMeetNoPadding) {
  // 3x3 SAME on a 1x1 input: only the middle tap is valid; an infinite weight on a padded tap must not turn into NaN.
  const Window window = {.filter_h = 3, .filter_w = 3, .pad_top = 1, .pad_left = 1};
  std::vector<float> weights(9, std::numeric_limits<float>::infinity());
  weights[4] = 2.0f;
  const Float32Params params = {.window = window, .weights = weights.data(), .clamp = numeric::float_clamp(numeric::Activation::kNone)};
  for (Isa isa : supported_isas()) {
    EXPECT_EQ(run_guarded(find_float32_kernel(params, isa), params, {3.0f}, 1), std::vector<float>{6.0f}) << isa_name(isa);
  }
}

TEST(DepthwiseConv2DKernels, TheStrongestSupportedOneIsChosen) {
  const float weight = 1;
  const Float32Params params = {.weights = &weight};
  const Int8Params wide = {.window = {.in_h = 4,
                                      .in_w = 4,
                                      .in_c = 16,
                                      .out_h = 4,
                                      .out_w = 4,
                                      .out_c = 16,
                                      .filter_h = 3,
                                      .filter_w = 3,
                                      .pad_top = 1,
                                      .pad_left = 1}};
  struct Names {
    Isa isa;
    const char *float32, *int8, *wide;
  };
  const Names kNames[] = {
      {Isa::kReference, "depthwise_conv2d_f32_f32_reference", "depthwise_conv2d_i8_i32_reference", "depthwise_conv2d_i8_i32_reference"},
      {Isa::kAvx2, "depthwise_conv2d_f32_f32_generic_avx2", "depthwise_conv2d_i8_i32_generic_avx2", "depthwise_conv2d_i8_i32_columns_avx2"},
      {Isa::kAvx512, "depthwise_conv2d_f32_f32_generic_avx512", "depthwise_conv2d_i8_i32_generic_avx512",
       "depthwise_conv2d_i8_i32_columns_avx512"},
      {Isa::kAvx512Vnni, "depthwise_conv2d_f32_f32_generic_avx512", "depthwise_conv2d_i8_i32_dot_avx512vnni",
       "depthwise_conv2d_i8_i32_strips_avx512vnni"},
      {Isa::kNeonDot, "depthwise_conv2d_f32_f32_generic_neondot", "depthwise_conv2d_i8_i32_dot_neondot",
       "depthwise_conv2d_i8_i32_dot_neondot"}};
  for (const Names& names : kNames) {
    if (!isa_supported(names.isa)) continue;
    EXPECT_STREQ(find_float32_kernel(params, names.isa).name, names.float32);
    EXPECT_STREQ(find_int8_kernel({}, names.isa).name, names.int8);
    EXPECT_STREQ(find_int8_kernel(wide, names.isa).name, names.wide);
  }
  const Int8Params multiplied = {.window = {.in_c = 2, .out_c = 4}};
  EXPECT_STREQ(find_int8_kernel(multiplied, supported_isas().back()).name, "depthwise_conv2d_i8_i32_reference");
}

}  // namespace
}  // namespace liteqat::kernels::depthwise_conv2d
