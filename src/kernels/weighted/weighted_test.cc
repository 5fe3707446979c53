// Every type against sums written out over padded indices, in 64 bits and requantized by the oracle's own arithmetic.
#include "kernels/weighted/weighted.h"

#include <gtest/gtest.h>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::weighted {
namespace {

using numeric::Requantization;

size_t at(int64_t index) {
  return static_cast<size_t>(index);
}

template <typename Elem, typename Weight, typename Bias>
struct Case {
  Params params;
  std::vector<Elem> input{};
  std::vector<Weight> weights{};
  std::vector<Bias> bias{};
  std::vector<double> factors{};
  std::vector<numeric::Rescale> rescales{};

  int64_t sum_of(int64_t image, int64_t out_y, int64_t out_x, int64_t channel) const {
    const Window& window = params.window;
    const Channels& channels = params.channels;
    int64_t sum = bias.empty() ? 0 : static_cast<int64_t>(bias[at(channel)]);
    const int64_t depth = channels.depthwise ? 1 : window.in_c / channels.groups;
    for (int64_t y = 0; y < window.filter_h; ++y) {
      for (int64_t x = 0; x < window.filter_w; ++x) {
        const int64_t in_y = out_y * window.stride_h + y * window.dilation_h - window.pad_top;
        const int64_t in_x = out_x * window.stride_w + x * window.dilation_w - window.pad_left;
        if (in_y < 0 || in_x < 0 || in_y >= window.in_h || in_x >= window.in_w) continue;
        for (int64_t k = 0; k < depth; ++k) {
          const int64_t in_c =
              channels.depthwise ? channel * window.in_c / window.out_c : channel * channels.groups / window.out_c * depth + k;
          const int64_t weight = channels.depthwise ? (y * window.filter_w + x) * window.out_c + channel
                                                    : ((channel * window.filter_h + y) * window.filter_w + x) * depth + k;
          const int64_t value = input[at(((image * window.in_h + in_y) * window.in_w + in_x) * window.in_c + in_c)];
          sum += (value - params.input_zero_point) * (weights[at(weight)] - params.weight_zero_point);
        }
      }
    }
    return sum;
  }

  int64_t code_of(int64_t sum, int64_t channel) const {
    const double factor = factors[at(channel)];
    switch (params.requantization) {
      case Requantization::kTwoRoundings:
        return testing::exact_rescale(sum, factor);
      case Requantization::kDoubleHalfAway:
        return std::llround(static_cast<double>(sum) * factor);
      case Requantization::kFloatHalfEven:
        return std::lrint(static_cast<float>(sum) * static_cast<float>(factor));  // the default rounding mode: ties to even
      case Requantization::kMantissa16:
        break;
    }
    int shift = 0;
    const auto mantissa = static_cast<int64_t>(std::floor(std::ldexp(std::frexp(factor, &shift), 15) + 0.5));
    return static_cast<int64_t>(std::floor(std::ldexp(static_cast<double>(sum * std::min<int64_t>(mantissa, 32767)), shift - 15) + 0.5));
  }

  std::vector<Elem> oracle() const {
    const Window& window = params.window;
    std::vector<Elem> output;
    for (int64_t image = 0; image < window.batch; ++image) {
      for (int64_t y = 0; y < window.out_h; ++y) {
        for (int64_t x = 0; x < window.out_w; ++x) {
          for (int64_t channel = 0; channel < window.out_c; ++channel) {
            const int64_t code = code_of(sum_of(image, y, x, channel), channel) + params.output_zero_point;
            output.push_back(static_cast<Elem>(testing::clamp(code, params.clamp.low, params.clamp.high)));
          }
        }
      }
    }
    return output;
  }
};

int32_t between(Rng& rng, int32_t low, int32_t high) {
  return low + static_cast<int32_t>(rng.next_below(static_cast<uint32_t>(high - low + 1)));
}

Params random_params(Rng& rng, int32_t low, int32_t high) {
  Params params;
  params.channels = {.depthwise = rng.next_below(2) == 0, .groups = 1};
  if (!params.channels.depthwise) params.channels.groups = between(rng, 1, 3);
  Window& window = params.window;
  window = {.batch = between(rng, 1, 2), .in_h = between(rng, 1, 6), .in_w = between(rng, 1, 6), .in_c = between(rng, 1, 4)};
  window.in_c *= params.channels.groups;
  window.out_c = between(rng, 1, 3) * (params.channels.depthwise ? window.in_c : params.channels.groups);
  window.filter_h = between(rng, 1, 3), window.filter_w = between(rng, 1, 3);
  window.stride_h = between(rng, 1, 4), window.stride_w = between(rng, 1, 4);
  window.dilation_h = between(rng, 1, 2), window.dilation_w = between(rng, 1, 2);
  window.pad_top = between(rng, 0, 2), window.pad_left = between(rng, 0, 2);
  window.out_h = (window.in_h + window.stride_h - 1) / window.stride_h;
  window.out_w = (window.in_w + window.stride_w - 1) / window.stride_w;
  params.clamp = {rng.next_below(2) == 0 ? low : between(rng, low, 0), rng.next_below(2) == 0 ? high : between(rng, 0, high)};
  return params;
}

template <typename Elem, typename Weight, typename Bias>
void check(Requantization requantization, bool zero_points, uint64_t seed) {
  Rng rng(seed);
  constexpr int32_t kLow = std::numeric_limits<Elem>::min(), kHigh = std::numeric_limits<Elem>::max();
  Case<Elem, Weight, Bias> example = {.params = random_params(rng, kLow, kHigh)};
  Params& params = example.params;
  params.requantization = requantization;
  if (zero_points) {
    params.input_zero_point = between(rng, kLow, kHigh), params.output_zero_point = between(rng, kLow, kHigh);
    if (std::is_unsigned_v<Weight>) params.weight_zero_point = between(rng, 0, 255);
  }
  const Window& window = params.window;
  const int32_t depth = params.channels.depthwise ? 1 : window.in_c / params.channels.groups;
  example.input.resize(at(int64_t{window.batch} * window.in_h * window.in_w * window.in_c));
  example.weights.resize(at(int64_t{window.out_c} * window.filter_h * window.filter_w * depth));
  for (Elem& value : example.input) value = static_cast<Elem>(between(rng, kLow, kHigh));
  for (Weight& value : example.weights)
    value = static_cast<Weight>(between(rng, std::numeric_limits<Weight>::min(), std::numeric_limits<Weight>::max()));
  if (rng.next_below(3) != 0) example.bias.resize(at(window.out_c));
  for (Bias& value : example.bias) value = between(rng, -4000, 4000);
  for (int32_t channel = 0; channel < window.out_c; ++channel) {
    const float factor = 0.0001f + 0.01f * rng.next_float();
    example.factors.push_back(static_cast<double>(factor));
    example.rescales.push_back({numeric::quantize_multiplier(example.factors.back()), example.factors.back()});
  }
  params.rescales = example.rescales.data();
  testing::GuardedBuffer<Elem> input(example.input), output(at(window.out_rows() * window.out_w * window.out_c));
  testing::GuardedBuffer<Weight> weights(example.weights);
  testing::GuardedBuffer<Bias> bias(example.bias);
  const int64_t middle = window.out_rows() / 2;  // two ranges give what one gives
  for (Range rows : {Range{middle, window.out_rows()}, Range{0, middle}}) {
    run(params, rows, input.data(), weights.data(), example.bias.empty() ? nullptr : bias.data(), output.data());
  }
  ASSERT_EQ(output.values(), example.oracle()) << "seed " << seed;
}

TEST(Weighted, EveryTypeAndRequantizationEqualsPlainSums) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    for (Requantization requantization : {Requantization::kTwoRoundings, Requantization::kDoubleHalfAway, Requantization::kFloatHalfEven}) {
      check<int8_t, int8_t, int32_t>(requantization, true, seed);
      check<uint8_t, uint8_t, int32_t>(requantization, true, seed);
    }
    check<int16_t, int8_t, int32_t>(Requantization::kTwoRoundings, false, seed);
    check<int16_t, int8_t, int64_t>(Requantization::kMantissa16, false, seed);
    check<int16_t, int8_t, int64_t>(Requantization::kDoubleHalfAway, false, seed);
  }
}

}  // namespace
}  // namespace liteqat::kernels::weighted
