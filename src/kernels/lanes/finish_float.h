// Bias, clamp and store of float32 sums of neighbouring output channels. Templates on a Lanes type of internal linkage.
#pragma once

#include <cstdint>

namespace liteqat::kernels::lanes {

template <typename Lanes>
struct FloatFinisher {
  using Float = typename Lanes::Float;
  const float* bias;  // padded to whole vectors
  Float low, high;

  /// What a sum begins with.
  [[gnu::always_inline]] Float start(int64_t channel) const { return Lanes::kFused ? Lanes::load(bias + channel) : Lanes::zero_float(); }

  /// Stores `count` results (at most Lanes::kCount) of the channels from `channel` on.
  [[gnu::always_inline]] void store(Float sum, int64_t channel, int64_t count, float* to) const {
    const Float last = Lanes::kFused ? Lanes::zero_float() : Lanes::load(bias + channel);
    const Float result = Lanes::clamp(Lanes::add(sum, last), low, high);
    if (count >= Lanes::kCount) {
      Lanes::store(to, result);
      return;
    }
    float whole[Lanes::kCount];
    Lanes::store(whole, result);
    for (int64_t lane = 0; lane < count; ++lane) to[lane] = whole[lane];
  }
};

}  // namespace liteqat::kernels::lanes
