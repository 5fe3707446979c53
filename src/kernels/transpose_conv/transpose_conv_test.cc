// Against the operator's other definition: every input scattered into the outputs it reaches.
#include "kernels/transpose_conv/transpose_conv.h"

#include <gtest/gtest.h>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::transpose_conv {
namespace {

int32_t between(Rng& rng, int32_t low, int32_t high) {
  return low + static_cast<int32_t>(rng.next_below(static_cast<uint32_t>(high - low + 1)));
}

Window random_window(Rng& rng) {
  Window window = {.batch = between(rng, 1, 2), .in_h = between(rng, 1, 5), .in_w = between(rng, 1, 5), .in_c = between(rng, 1, 4)};
  window.out_c = between(rng, 1, 3);
  window.filter_h = between(rng, 1, 4), window.filter_w = between(rng, 1, 4);
  window.stride_h = between(rng, 1, 3), window.stride_w = between(rng, 1, 3);
  window.pad_top = between(rng, 0, 2), window.pad_left = between(rng, 0, 2);
  window.out_h = between(rng, 1, 12), window.out_w = between(rng, 1, 12);
  return window;
}

/// Adds product(input offset, weight offset) to every output that the pair reaches.
template <typename Sum, typename Product>
void scatter(const Window& window, std::vector<Sum>& sums, const Product& product) {
  for (int64_t image = 0; image < window.batch; ++image) {
    for (int64_t pixel = 0; pixel < int64_t{window.in_h} * window.in_w; ++pixel) {
      for (int64_t tap = 0; tap < int64_t{window.filter_h} * window.filter_w; ++tap) {
        const int64_t y = pixel / window.in_w * window.stride_h - window.pad_top + tap / window.filter_w;
        const int64_t x = pixel % window.in_w * window.stride_w - window.pad_left + tap % window.filter_w;
        if (y < 0 || x < 0 || y >= window.out_h || x >= window.out_w) continue;
        for (int64_t out = 0; out < window.out_c; ++out) {
          for (int64_t in = 0; in < window.in_c; ++in) {
            const int64_t input = (image * window.in_h * window.in_w + pixel) * window.in_c + in;
            const int64_t weight = (out * window.filter_h * window.filter_w + tap) * window.in_c + in;
            sums[static_cast<size_t>(((image * window.out_h + y) * window.out_w + x) * window.out_c + out)] += product(input, weight);
          }
        }
      }
    }
  }
}

TEST(TransposeConv, IntegersEqualScatteredSums) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Rng rng(seed);
    weighted::Params params = {.window = random_window(rng), .requantization = numeric::Requantization::kTwoRoundings};
    const Window& window = params.window;
    params.input_zero_point = between(rng, 0, 255), params.weight_zero_point = between(rng, 0, 255);
    params.output_zero_point = between(rng, 0, 255), params.clamp = {0, 255};
    const double factor = 0.0001 + 0.002 * static_cast<double>(rng.next_float());
    const std::vector<numeric::Rescale> rescales(static_cast<size_t>(window.out_c), {numeric::quantize_multiplier(factor), factor});
    params.rescales = rescales.data();
    std::vector<uint8_t> inputs(static_cast<size_t>(window.batch * window.in_h * window.in_w * window.in_c));
    std::vector<uint8_t> filters(static_cast<size_t>(window.out_c * window.filter_h * window.filter_w * window.in_c));
    std::vector<int32_t> biases(static_cast<size_t>(window.out_c));
    for (uint8_t& value : inputs) value = static_cast<uint8_t>(rng.next_below(256));
    for (uint8_t& value : filters) value = static_cast<uint8_t>(rng.next_below(256));
    for (int32_t& value : biases) value = between(rng, -5000, 5000);
    std::vector<int64_t> sums(static_cast<size_t>(window.out_rows() * window.out_w * window.out_c));
    for (size_t index = 0; index < sums.size(); ++index) sums[index] = biases[index % biases.size()];
    scatter(window, sums, [&](int64_t input, int64_t weight) {
      return (int64_t{inputs[static_cast<size_t>(input)]} - params.input_zero_point) *
             (filters[static_cast<size_t>(weight)] - params.weight_zero_point);
    });
    std::vector<uint8_t> expected;
    for (int64_t sum : sums) {
      expected.push_back(static_cast<uint8_t>(testing::clamp(testing::exact_rescale(sum, factor) + params.output_zero_point, 0, 255)));
    }
    testing::GuardedBuffer<uint8_t> input(inputs), weights(filters), output(expected.size());
    const int64_t middle = window.out_rows() / 2;
    transpose_conv::run(params, Range{middle, window.out_rows()}, input.data(), weights.data(), biases.data(), output.data());
    transpose_conv::run(params, Range{0, middle}, input.data(), weights.data(), biases.data(), output.data());
    ASSERT_EQ(output.values(), expected) << "seed " << seed;
  }
}

TEST(TransposeConv, FloatsEqualScatteredSumsInOrder) {
  // Every output adds its products in the order in which the scatter meets them when one tap row and column belongs to one input: the
  // stride is at least the filter, so that no two inputs reach one output.
  Rng rng(2);
  weighted::FloatParams params = {.window = random_window(rng), .channels = {}, .clamp = {-1.0f, 6.0f}};
  Window& window = params.window;
  window.filter_h = window.filter_w = 2, window.stride_h = window.stride_w = 3;
  std::vector<float> input(static_cast<size_t>(window.batch * window.in_h * window.in_w * window.in_c));
  std::vector<float> weights(static_cast<size_t>(window.out_c * 4 * window.in_c));
  for (float& value : input) value = rng.next_float() - 0.5f;
  for (float& value : weights) value = rng.next_float() - 0.5f;
  std::vector<float> sums(static_cast<size_t>(window.out_rows() * window.out_w * window.out_c)), output(sums.size());
  scatter(window, sums, [&](int64_t in, int64_t weight) { return input[static_cast<size_t>(in)] * weights[static_cast<size_t>(weight)]; });
  transpose_conv::run_float32(params, Range{0, window.out_rows()}, input.data(), weights.data(), nullptr, output.data());
  for (size_t index = 0; index < sums.size(); ++index) ASSERT_EQ(output[index], std::min(std::max(sums[index], -1.0f), 6.0f));
}

TEST(TransposeConv, FusedSumsTakeTheTapsInOrder) {
  // Both taps are 1 and the stride is 1: tap 0 of the second input and tap 1 of the first reach the middle output. From a bias of -1e8 the
  // 1 is lost if it comes first (floats there are 8 apart), as tap 0 does.
  const Window window = {.in_h = 1, .in_w = 2, .out_h = 1, .out_w = 3, .filter_h = 1, .filter_w = 2};
  const weighted::FloatParams params = {.window = window, .channels = {}, .clamp = {-1e9f, 1e9f}, .sum = numeric::FloatSum::kFused};
  const float input[] = {1e8f, 1.0f}, weights[] = {1, 1}, bias = -1e8f;
  float output[3];
  transpose_conv::run_float32(params, Range{0, 1}, input, weights, &bias, output);
  EXPECT_EQ(std::vector<float>(output, output + 3), (std::vector<float>{0.0f, 0.0f, -1e8f}));
}

}  // namespace
}  // namespace liteqat::kernels::transpose_conv
