// The loops of requantize.h on lanes. Templates on a Lanes type of internal linkage.
#pragma once

#include "kernels/lanes/requantize.h"
#include "kernels/requantize/implementations.h"

namespace liteqat::kernels::requantize {

/// By two roundings in integers, or one product in float32 (lanes/requantize.h).
template <typename Lanes>
[[gnu::always_inline]] inline void run_integer(const Params& params, const int32_t* accumulators, int64_t count, int8_t* codes) {
  int32_t packed[lanes::ChannelArrays::kArrays * Lanes::kCount];
  const lanes::ChannelArrays arrays(reinterpret_cast<std::byte*>(packed), Lanes::kCount);
  for (int32_t lane = 0; lane < Lanes::kCount; ++lane) {
    params.factors != nullptr ? arrays.set(lane, 0, *params.factors) : arrays.set(lane, 0, params.multiplier);
  }
  struct Output {
    int32_t output_zero_point;
    numeric::IntClamp clamp;
    const float* factors;
  };
  const lanes::Requantizer<Lanes> requantizer(Output{params.zero_point, params.clamp, params.factors},
                                              reinterpret_cast<const std::byte*>(packed), Lanes::kCount);
  for (int64_t at = 0; at < count; at += Lanes::kCount) requantizer.store(Lanes::load(accumulators + at), 0, Lanes::kCount, codes + at);
}

/// Along the steps of lanes/code_steps.h; with factors, by CodeMode::kHalfEven.
template <typename Lanes>
[[gnu::always_inline]] inline void run_steps(const Params& params, const int32_t* accumulators, int64_t count, int8_t* codes) {
  const lanes::CodeSteps& steps = params.steps;
  const auto high = Lanes::broadcast(steps.high), low = Lanes::broadcast(steps.low);
  const auto above = Lanes::broadcast(steps.above), below = Lanes::broadcast(steps.below);
  const auto offset = Lanes::broadcast(steps.offset), split = Lanes::broadcast(steps.split);
  const auto clamp = Lanes::byte_clamp(params.clamp.low, params.clamp.high);
  if (params.factors != nullptr) {
    const auto factor = Lanes::broadcast(*params.factors);
    const auto zero_point = Lanes::broadcast(params.zero_point);
    for (int64_t at = 0; at < count; at += Lanes::kCount) {
      const auto rounded = Lanes::round_half_even_product(Lanes::load(accumulators + at), factor);
      Lanes::store_packed(codes + at, Lanes::add(rounded, zero_point), clamp, Lanes::kCount);
    }
    return;
  }
  for (int64_t at = 0; at < count; at += Lanes::kCount) {
    const auto moved = Lanes::add(Lanes::load(accumulators + at), offset);
    const auto constant = steps.two_sided ? Lanes::select_less(moved, split, below, above) : above;
    Lanes::store_packed(codes + at, Lanes::step_codes(moved, high, low, constant), clamp, Lanes::kCount);
  }
}

}  // namespace liteqat::kernels::requantize
