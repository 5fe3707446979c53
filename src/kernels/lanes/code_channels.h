// Packs what CodeEpilogue (dot_epilogue.h) reads of every output channel: mode, bias and steps, or the integers of two roundings. Templates
// on a Lanes type of internal linkage.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/lanes/code_steps.h"
#include "kernels/lanes/dot_epilogue.h"

namespace liteqat::kernels::lanes {

/// Where the taps of an output channel stand among the weights.
struct ChannelTaps {
  int64_t taps, channel_stride, tap_stride;
};

/// Fills the arrays of all channels and returns their mode. for_channels(each) calls each(channel, first array, elements from array to
/// array, index in an array) wherever a channel stands. Params: weights, bias, multipliers or factors, zero points and clamp.
/// folded_sum(channel): the sum, modulo 2^32, of the weights that tiles multiply with shifted codes; its product with zero point and shift
/// is folded into the bias.
template <typename Lanes, typename Params, typename FoldedSum, typename ForChannels>
CodeMode pack_code_channels(const Params& params, const ChannelTaps& taps, const FoldedSum& folded_sum, const ForChannels& for_channels) {
  const auto own_bias = [&](int64_t channel) { return params.bias == nullptr ? 0 : params.bias[channel]; };
  const auto folded_bias = [&](int64_t channel) {
    const auto shift = static_cast<uint32_t>(params.input_zero_point + Lanes::kInputShift);
    return static_cast<int32_t>(static_cast<uint32_t>(own_bias(channel)) - shift * folded_sum(channel));
  };
  // Lines through codes; or, where a channel needs two sides or has no line so, through distances from the zero point: their constants are
  // smaller, so more multipliers have lines.
  const auto find_all = [&](CodeMode mode, int32_t zero_point) {
    const int32_t moved = params.output_zero_point - zero_point;
    const numeric::IntClamp clamp = {params.clamp.low - moved, params.clamp.high - moved};
    bool all = true;
    for_channels([&](int64_t channel, int32_t* arrays, int64_t stride, int64_t index) {
      if (!all) return;
      const auto bounds = accumulator_bounds(params.weights + channel * taps.channel_stride, taps.taps, taps.tap_stride, own_bias(channel),
                                             params.input_zero_point);
      CodeSteps steps;
      all = find_code_steps(params.multipliers[channel], zero_point, clamp, bounds, &steps) &&
            (mode == CodeMode::kTwoSided || !steps.two_sided);
      if (all) StepArrays(arrays, stride).set(index, folded_bias(channel), steps);
    });
    return all;
  };
  const bool lines = Lanes::kHasSteps && params.factors == nullptr;
  if (lines && find_all(CodeMode::kOneSided, params.output_zero_point)) return CodeMode::kOneSided;
  if (lines && find_all(CodeMode::kTwoSided, 0)) return CodeMode::kTwoSided;
  bool half_even = Lanes::kHasSteps && params.factors != nullptr;
  for_channels([&](int64_t channel, int32_t* arrays, int64_t stride, int64_t index) {
    if (!half_even) return;
    const auto bounds = accumulator_bounds(params.weights + channel * taps.channel_stride, taps.taps, taps.tap_stride, own_bias(channel),
                                           params.input_zero_point);
    const double farthest = static_cast<double>(std::max(-bounds.least, bounds.most)) * static_cast<double>(params.factors[channel]);
    half_even = farthest < 0x1p30 && bounds.least >= INT32_MIN && bounds.most <= INT32_MAX;
    if (half_even) StepArrays(arrays, stride).set(index, folded_bias(channel), params.factors[channel], params.output_zero_point);
  });
  if (half_even) return CodeMode::kHalfEven;
  for_channels([&](int64_t channel, int32_t* arrays, int64_t stride, int64_t index) {
    const ChannelArrays integers(reinterpret_cast<std::byte*>(arrays), stride);
    params.factors != nullptr ? integers.set(index, folded_bias(channel), params.factors[channel])
                              : integers.set(index, folded_bias(channel), params.multipliers[channel]);
  });
  return CodeMode::kInteger;
}

/// For kernels whose arrays stand by position behind the mode, as CodeEpilogue expects them. paired: as of for_positions.
template <typename Lanes, typename Params, typename FoldedSum>
void pack_code_positions(const Params& params, int64_t channels, const ChannelTaps& taps, const FoldedSum& folded_sum, std::byte* packed,
                         bool paired = false) {
  const int64_t positions = position_count<Lanes>(channels);
  auto* arrays = reinterpret_cast<int32_t*>(packed + StepArrays::kModeBytes);
  *reinterpret_cast<CodeMode*>(packed) = pack_code_channels<Lanes>(params, taps, folded_sum, [&](const auto& each) {
    for_positions<Lanes>(
        channels, [&](int64_t channel, int64_t position) { each(channel, arrays, positions, position); }, paired);
  });
}

/// Sum of a channel's weights modulo 2^32.
template <typename Lanes>
[[gnu::always_inline]] inline uint32_t sum_of_taps(const int8_t* weights, const ChannelTaps& taps, int64_t channel) {
  uint32_t sum = 0;
  for (int64_t tap = 0; tap < taps.taps; ++tap) {
    sum += static_cast<uint32_t>(weights[channel * taps.channel_stride + tap * taps.tap_stride]);
  }
  return sum;
}

}  // namespace liteqat::kernels::lanes
