// Accumulators to codes on lanes by the definitions of numeric/requantize.h: numeric::multiply_by_quantized_multiplier, then zero point and
// clamp; or XNNPACK's product in float32. Multipliers stand per output channel, padded to whole vectors. Templates on a Lanes type of
// internal linkage, so nothing here is exported.
#pragma once

#include <cstddef>
#include <cstdint>

#include "numeric/activation.h"
#include "numeric/fixed_point.h"

namespace liteqat::kernels::lanes {

/// Where the per-channel arrays lie in packed memory: padded_channels int32 each.
struct ChannelArrays {
  static constexpr int64_t kArrays = 4;
  int32_t *bias, *mantissa, *left, *right;

  [[gnu::always_inline]] ChannelArrays(std::byte* packed, int64_t padded_channels)
      : bias(reinterpret_cast<int32_t*>(packed)),
        mantissa(bias + padded_channels),
        left(mantissa + padded_channels),
        right(left + padded_channels) {}

  [[gnu::always_inline]] void set(int64_t channel, int32_t bias_value, numeric::Multiplier multiplier) const {
    bias[channel] = bias_value;
    mantissa[channel] = multiplier.mantissa;
    left[channel] = multiplier.shift > 0 ? multiplier.shift : 0;
    right[channel] = multiplier.shift > 0 ? 0 : -multiplier.shift;
  }

  /// For Requantization::kFloatHalfEven: the factor stands where mantissas do.
  [[gnu::always_inline]] void set(int64_t channel, int32_t bias_value, float factor) const {
    bias[channel] = bias_value;
    __builtin_memcpy(mantissa + channel, &factor, sizeof(factor));
    left[channel] = right[channel] = 0;
  }
};

/// The same memory once packed.
struct ConstChannelArrays {
  const int32_t *bias, *mantissa, *left, *right;

  [[gnu::always_inline]] ConstChannelArrays(const std::byte* packed, int64_t padded_channels)
      : bias(reinterpret_cast<const int32_t*>(packed)),
        mantissa(bias + padded_channels),
        left(mantissa + padded_channels),
        right(left + padded_channels) {}
};

/// Accumulators of neighbouring channels to codes in memory.
template <typename Lanes>
struct Requantizer {
  using Int = typename Lanes::Int;
  ConstChannelArrays arrays;
  Int zero_point, low, high;
  numeric::IntClamp product_clamp;  // clamp - zero point
  bool half_even = false;           // Requantization::kFloatHalfEven, else kTwoRoundings

  /// Params: zero point and clamp of the output; where they have factors (conv2d.h) and these are not null, half_even.
  template <typename Params>
  [[gnu::always_inline]] Requantizer(const Params& params, int64_t padded_channels) : Requantizer(params, params.packed, padded_channels) {}
  /// With the arrays somewhere else than at the begin of packed memory.
  template <typename Params>
  [[gnu::always_inline]] Requantizer(const Params& params, const std::byte* channel_arrays, int64_t padded_channels)
      : arrays(channel_arrays, padded_channels),
        zero_point(Lanes::broadcast(params.output_zero_point)),
        low(Lanes::broadcast(params.clamp.low)),
        high(Lanes::broadcast(params.clamp.high)),
        product_clamp{params.clamp.low - params.output_zero_point, params.clamp.high - params.output_zero_point} {
    if constexpr (requires { params.factors; }) half_even = params.factors != nullptr;
  }

  /// Stores `count` codes (at most Lanes::kCount) of the channels from `channel` on; the bias is added here.
  [[gnu::always_inline]] void store(Int accumulator, int64_t channel, int64_t count, int8_t* to) const {
    const Int result = codes(Lanes::add(accumulator, Lanes::load(arrays.bias + channel)), channel);
    if (count >= Lanes::kCount) {
      Lanes::store_narrow(to, result);
      return;
    }
    int8_t whole[Lanes::kCount];
    Lanes::store_narrow(whole, result);
    for (int64_t lane = 0; lane < count; ++lane) to[lane] = whole[lane];
  }

  /// Codes of the accumulators of channels [channel, channel + Lanes::kCount).
  [[gnu::always_inline]] Int codes(Int accumulator, int64_t channel) const {
    if (half_even) {
      const auto factor = Lanes::load(reinterpret_cast<const float*>(arrays.mantissa) + channel);
      const auto least = Lanes::broadcast(static_cast<float>(product_clamp.low));
      const auto most = Lanes::broadcast(static_cast<float>(product_clamp.high));
      return Lanes::add(Lanes::round_half_even_product(accumulator, factor, least, most), zero_point);
    }
    const Int product =
        Lanes::srdhm(Lanes::shift_left(accumulator, Lanes::load(arrays.left + channel)), Lanes::load(arrays.mantissa + channel));
    const Int exponent = Lanes::load(arrays.right + channel);
    const Int one = Lanes::broadcast(int32_t{1}), zero = Lanes::zero_int();
    // 1 << 31 wraps to the lowest integer and minus one to the highest: the mask of an exponent of 31.
    const Int mask = Lanes::subtract(Lanes::shift_left(one, exponent), one);
    const Int threshold = Lanes::subtract(Lanes::shift_right(mask, one), Lanes::greater(zero, product));
    const Int round_up = Lanes::greater(Lanes::bit_and(product, mask), threshold);
    const Int scaled = Lanes::subtract(Lanes::shift_right(product, exponent), round_up);
    return Lanes::clamp(Lanes::add(scaled, zero_point), low, high);
  }
};

}  // namespace liteqat::kernels::lanes
