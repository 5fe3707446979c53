// Depthwise convolution with one lane per channel: for every output pixel and vector of channels, the valid taps are summed in registers.
// Shared by the instruction sets; a Lanes type of internal linkage gives the steps. Only for a depth multiplier of 1.
//
// Weights and per-channel arrays are padded to whole vectors. Where the last vector is not whole, inputs go through a zero-filled buffer,
// so that nothing beyond the input is read.
#pragma once

#include "kernels/depthwise_conv2d/implementations.h"
#include "kernels/lanes/blocks.h"
#include "kernels/lanes/finish_float.h"
#include "kernels/lanes/requantize.h"

namespace liteqat::kernels::depthwise_conv2d {

/// Taps [first, last) of one axis that lie inside the input, and the input position of tap 0.
template <typename Lanes>
struct TapRange {
  int64_t origin, first, last;

  [[gnu::always_inline]] TapRange(int64_t origin_value, int32_t filter, int32_t dilation, int32_t extent)
      : origin(origin_value), first(origin < 0 ? (-origin + dilation - 1) / dilation : 0), last(filter) {
    if (origin + (last - 1) * dilation >= extent) last = (extent - origin + dilation - 1) / dilation;
    if (last < first) last = first;
  }
};

/// Calls pixel(y range, x range, image, output pixel) for every output pixel of the rows.
template <typename Lanes, typename Pixel>
[[gnu::always_inline]] inline void for_pixels(const Window& window, Range rows, const Pixel& pixel) {
  int64_t out_pixel = rows.begin * window.out_w;
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const auto image = static_cast<int32_t>(row / window.out_h), out_y = static_cast<int32_t>(row % window.out_h);
    const TapRange<Lanes> y(window.in_y(out_y, 0), window.filter_h, window.dilation_h, window.in_h);
    for (int32_t out_x = 0; out_x < window.out_w; ++out_x) {
      const TapRange<Lanes> x(window.in_x(out_x, 0), window.filter_w, window.dilation_w, window.in_w);
      pixel(y, x, image, out_pixel++);
    }
  }
}

/// Calls tap(input pixel, weight tap) for the valid taps, ascending, by rows or by columns.
template <typename Lanes, bool kByColumns = false, typename Tap>
[[gnu::always_inline]] inline void for_taps(const Window& window, const TapRange<Lanes>& y, const TapRange<Lanes>& x, int32_t image,
                                            const Tap& tap) {
  const int64_t first = (int64_t{image} * window.in_h + y.origin) * window.in_w + x.origin, line = int64_t{window.dilation_h} * window.in_w;
  if constexpr (kByColumns) {
    for (int64_t tap_x = x.first; tap_x < x.last; ++tap_x) {
      for (int64_t tap_y = y.first; tap_y < y.last; ++tap_y) {
        tap(first + tap_y * line + tap_x * window.dilation_w, tap_y * window.filter_w + tap_x);
      }
    }
  } else {
    for (int64_t tap_y = y.first; tap_y < y.last; ++tap_y) {
      for (int64_t tap_x = x.first; tap_x < x.last; ++tap_x) {
        tap(first + tap_y * line + tap_x * window.dilation_w, tap_y * window.filter_w + tap_x);
      }
    }
  }
}

/// `count` elements, then zeros up to a whole vector.
template <typename Lanes, typename Elem>
struct PartVector {
  Elem elems[Lanes::kCount] = {};
  [[gnu::always_inline]] PartVector(const Elem* from, int64_t count) {
    for (int64_t lane = 0; lane < count; ++lane) elems[lane] = from[lane];
  }
};

template <typename Lanes>
struct Generic {
  static constexpr int kUnroll = 2;  // vectors of channels summed at once

  static int64_t taps(const Window& window) { return int64_t{window.filter_h} * window.filter_w; }
  static int64_t padded_channels(const Window& window) { return lanes::round_up(window.out_c, Lanes::kCount); }
  template <typename Params>
  static bool accepts(const Params& params) {
    return params.window.out_c == params.window.in_c;
  }
  template <typename Params>
  static int64_t scratch_bytes(const Params&) {
    return 0;
  }

  // int8: channel arrays, then weights [tap][channel].
  static int64_t packed_bytes_int8(const Int8Params& params) {
    return padded_channels(params.window) * (lanes::ChannelArrays::kArrays * int64_t{sizeof(int32_t)} + taps(params.window));
  }

  static void pack_int8(const Int8Params& params, std::byte* packed) {
    const int64_t channels = padded_channels(params.window), out_c = params.window.out_c;
    const lanes::ChannelArrays arrays(packed, channels);
    auto* weights = reinterpret_cast<int8_t*>(arrays.right + channels);
    for (int64_t channel = 0; channel < out_c; ++channel) {
      const int32_t bias = params.bias == nullptr ? 0 : params.bias[channel];
      params.factors != nullptr ? arrays.set(channel, bias, params.factors[channel])
                                : arrays.set(channel, bias, params.multipliers[channel]);
      for (int64_t tap = 0; tap < taps(params.window); ++tap) weights[tap * channels + channel] = params.weights[tap * out_c + channel];
    }
  }

  static void run_int8(const Int8Params& params, Range rows, const int8_t* input, int8_t* output) {
    const Window& window = params.window;
    const int64_t channels = padded_channels(window), out_c = window.out_c;
    const lanes::Requantizer<Lanes> requantizer(params, channels);
    const auto* weights = reinterpret_cast<const int8_t*>(requantizer.arrays.right + channels);
    const auto zero_point = Lanes::broadcast(params.input_zero_point);
    for_pixels<Lanes>(window, rows, [&](const TapRange<Lanes>& y, const TapRange<Lanes>& x, int32_t image, int64_t out_pixel) {
      int64_t channel = 0;
      for (; channel + kUnroll * Lanes::kCount <= out_c; channel += kUnroll * Lanes::kCount) {
        typename Lanes::Int sums[kUnroll] = {Lanes::zero_int(), Lanes::zero_int()};
        for_taps<Lanes>(
            window, y, x, image, [&](int64_t in_pixel, int64_t tap) __attribute__((always_inline)) {
              for (int vector = 0; vector < kUnroll; ++vector) {
                const int64_t at = channel + vector * Lanes::kCount;
                const auto real = Lanes::subtract(Lanes::widen(input + in_pixel * out_c + at), zero_point);
                sums[vector] = Lanes::add(sums[vector], Lanes::multiply(real, Lanes::widen(weights + tap * channels + at)));
              }
            });
        for (int vector = 0; vector < kUnroll; ++vector) {
          const int64_t at = channel + vector * Lanes::kCount;
          requantizer.store(sums[vector], at, Lanes::kCount, output + out_pixel * out_c + at);
        }
      }
      for (; channel < out_c; channel += Lanes::kCount) {
        const int64_t count = out_c - channel < Lanes::kCount ? out_c - channel : Lanes::kCount;
        auto sum = Lanes::zero_int();
        for_taps<Lanes>(
            window, y, x, image, [&](int64_t in_pixel, int64_t tap) __attribute__((always_inline)) {
              const PartVector<Lanes, int8_t> part(input + in_pixel * out_c + channel, count);
              const auto real = Lanes::subtract(Lanes::widen(part.elems), zero_point);
              sum = Lanes::add(sum, Lanes::multiply(real, Lanes::widen(weights + tap * channels + channel)));
            });
        requantizer.store(sum, channel, count, output + out_pixel * out_c + channel);
      }
    });
  }

  // float32: bias, then weights [tap][channel].
  static int64_t packed_bytes_float32(const Float32Params& params) {
    return padded_channels(params.window) * (1 + taps(params.window)) * int64_t{sizeof(float)};
  }

  static void pack_float32(const Float32Params& params, std::byte* packed) {
    const int64_t channels = padded_channels(params.window), out_c = params.window.out_c;
    auto* bias = reinterpret_cast<float*>(packed);
    float* weights = bias + channels;
    for (int64_t channel = 0; channel < out_c; ++channel) {
      bias[channel] = params.bias == nullptr ? 0.0f : params.bias[channel];
      for (int64_t tap = 0; tap < taps(params.window); ++tap) weights[tap * channels + channel] = params.weights[tap * out_c + channel];
    }
  }

  /// Neighbouring outputs of one row share every weight that is loaded: a load a product otherwise costs more than the product.
  template <typename SumLanes>
  struct FloatTiles {
    const Window& window;
    const float *input, *weights;
    int64_t channels;  // padded
    lanes::FloatFinisher<SumLanes> finisher;

    /// All channels of kOutputsNow outputs, whose taps of a row are those of x moved on by the stride. A last vector that is not whole is
    /// moved back over channels of the one before.
    template <int kOutputsNow>
    [[gnu::noinline]] void run(const TapRange<Lanes>& y, const TapRange<Lanes>& x, int32_t image, float* to) const {
      const int64_t out_c = window.out_c;
      int64_t channel = 0;
      for (; channel + kUnroll * Lanes::kCount <= out_c; channel += kUnroll * Lanes::kCount) {
        tile<kOutputsNow, kUnroll>(y, x, image, channel, to);
      }
      for (; channel + Lanes::kCount <= out_c; channel += Lanes::kCount) tile<kOutputsNow, 1>(y, x, image, channel, to);
      if (channel == out_c) return;
      if (out_c > Lanes::kCount) return tile<kOutputsNow, 1>(y, x, image, out_c - Lanes::kCount, to);
      for (int output = 0; output < kOutputsNow; ++output) narrow(y, x, image, int64_t{output} * window.stride_w, to + output * out_c);
    }

   private:
    template <int kOutputsNow, int kVectors>
    [[gnu::always_inline]] void tile(const TapRange<Lanes>& y, const TapRange<Lanes>& x, int32_t image, int64_t channel, float* to) const {
      const int64_t out_c = window.out_c, step = window.stride_w * out_c, tap_step = window.dilation_w * out_c;
      typename Lanes::Float sums[kOutputsNow][kVectors];
#pragma GCC unroll 4
      for (int output = 0; output < kOutputsNow; ++output) {
#pragma GCC unroll 2
        for (int vector = 0; vector < kVectors; ++vector) sums[output][vector] = finisher.start(channel + vector * Lanes::kCount);
      }
      // The rows of the filter in turn; its columns where sums are fused.
      const int64_t line_step = int64_t{window.dilation_h} * window.in_w * out_c, own_line = window.filter_w * channels;
      const TapRange<Lanes>&outer = SumLanes::kFused ? x : y, &inner = SumLanes::kFused ? y : x;
      const int64_t outer_step = SumLanes::kFused ? tap_step : line_step, inner_step = SumLanes::kFused ? line_step : tap_step;
      const int64_t own_outer = SumLanes::kFused ? channels : own_line, own_inner = SumLanes::kFused ? own_line : channels;
      const float* first = input + ((int64_t{image} * window.in_h + y.origin) * window.in_w + x.origin) * out_c + channel;
      for (int64_t tap = outer.first; tap < outer.last; ++tap) {
        const float* from = first + tap * outer_step + inner.first * inner_step;
        const float* own = weights + tap * own_outer + inner.first * own_inner + channel;
        for (int64_t within = inner.first; within < inner.last; ++within, from += inner_step, own += own_inner) {
#pragma GCC unroll 2
          for (int vector = 0; vector < kVectors; ++vector) {
            const auto weight = Lanes::load(own + vector * Lanes::kCount);
#pragma GCC unroll 4
            for (int output = 0; output < kOutputsNow; ++output) {
              const auto value = Lanes::load(from + output * step + vector * Lanes::kCount);
              sums[output][vector] = SumLanes::multiply_then_add(sums[output][vector], value, weight);
            }
          }
        }
      }
#pragma GCC unroll 4
      for (int output = 0; output < kOutputsNow; ++output) {
#pragma GCC unroll 2
        for (int vector = 0; vector < kVectors; ++vector) {
          const int64_t at = channel + vector * Lanes::kCount;
          finisher.store(sums[output][vector], at, Lanes::kCount, to + output * out_c + at);
        }
      }
    }

    /// One output, `moved` input columns after those of x, where all channels are less than a vector.
    void narrow(const TapRange<Lanes>& y, const TapRange<Lanes>& x, int32_t image, int64_t moved, float* to) const {
      auto sum = finisher.start(0);
      for_taps<Lanes, SumLanes::kFused>(
          window, y, x, image, [&](int64_t in_pixel, int64_t tap) __attribute__((always_inline)) {
            const PartVector<Lanes, float> part(input + (in_pixel + moved) * window.out_c, window.out_c);
            sum = SumLanes::multiply_then_add(sum, Lanes::load(part.elems), Lanes::load(weights + tap * channels));
          });
      finisher.store(sum, 0, window.out_c, to);
    }
  };

  template <typename FusedLanes>
  static void run_float32(const Float32Params& params, Range rows, const float* input, float* output) {
    if (params.sum == numeric::FloatSum::kFused) {
      sum_floats<FusedLanes>(params, rows, input, output);
    } else {
      sum_floats<Lanes>(params, rows, input, output);
    }
  }

  template <typename SumLanes>
  static void sum_floats(const Float32Params& params, Range rows, const float* input, float* output) {
    const Window& window = params.window;
    const int64_t channels = padded_channels(window), out_c = window.out_c;
    const auto* bias = reinterpret_cast<const float*>(params.packed);
    const FloatTiles<SumLanes> tiles = {
        window, input, bias + channels, channels, {bias, Lanes::broadcast(params.clamp.low), Lanes::broadcast(params.clamp.high)}};
    const int64_t reach = int64_t{window.filter_w - 1} * window.dilation_w;
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      const auto image = static_cast<int32_t>(row / window.out_h), out_y = static_cast<int32_t>(row % window.out_h);
      const TapRange<Lanes> y(window.in_y(out_y, 0), window.filter_h, window.dilation_h, window.in_h);
      float* to = output + row * window.out_w * out_c;
      for (int32_t out_x = 0; out_x < window.out_w;) {
        const TapRange<Lanes> x(window.in_x(out_x, 0), window.filter_w, window.dilation_w, window.in_w);
        const auto together = [&](int32_t outputs) {
          return out_x + outputs <= window.out_w && x.origin >= 0 && x.origin + (outputs - 1) * window.stride_w + reach < window.in_w;
        };
        const int32_t outputs = together(4) ? 4 : together(2) ? 2 : 1;
        if (outputs == 4) {
          tiles.template run<4>(y, x, image, to);
        } else if (outputs == 2) {
          tiles.template run<2>(y, x, image, to);
        } else {
          tiles.template run<1>(y, x, image, to);
        }
        out_x += outputs;
        to += outputs * out_c;
      }
    }
  }

  template <typename Params>
  static int64_t units(const Params& params) {
    return params.window.out_rows();
  }

  template <typename FusedLanes>
  static constexpr Float32Kernel float32_kernel(const char* name, Isa isa) {
    return {name,
            isa,
            accepts<Float32Params>,
            packed_bytes_float32,
            pack_float32,
            scratch_bytes<Float32Params>,
            units<Float32Params>,
            run_float32<FusedLanes>};
  }
  static constexpr Int8Kernel int8_kernel(const char* name, Isa isa) {
    return {name, isa, accepts<Int8Params>, packed_bytes_int8, pack_int8, scratch_bytes<Int8Params>, units<Int8Params>, run_int8};
  }
};

}  // namespace liteqat::kernels::depthwise_conv2d
