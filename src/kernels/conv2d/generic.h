// int8 convolution as a product, where no instruction multiplies bytes: every output pixel's taps are gathered into a row widened to int16,
// rows of a panel meet packed weights in register tiles (kernels/lanes/tile.h). Shared by the instruction sets; a Lanes type of internal
// linkage gives the steps. Padded taps hold the input's zero point, whose product with the weights is folded into the bias; equal to
// skipping them, modulo 2^32.
#pragma once

#include "kernels/conv2d/implementations.h"
#include "kernels/lanes/requantize.h"
#include "kernels/lanes/tile.h"

namespace liteqat::kernels::conv2d {

/// Taps of one output pixel in (ky, kx, channel) order.
template <typename Lanes, typename From, typename To>
void gather_row(const Window& window, const From* image, int32_t out_y, int32_t out_x, To padding, To* row) {
  const int64_t channels = window.in_c, span = channels * window.filter_w;
  const int64_t first_x = window.in_x(out_x, 0);
  const bool whole_span = window.dilation_w == 1 && first_x >= 0 && first_x + window.filter_w <= window.in_w;
  for (int32_t tap_y = 0; tap_y < window.filter_h; ++tap_y, row += span) {
    const int64_t in_y = window.in_y(out_y, tap_y);
    if (in_y < 0 || in_y >= window.in_h) {
      for (int64_t elem = 0; elem < span; ++elem) row[elem] = padding;
      continue;
    }
    const From* line = image + in_y * window.in_w * channels;
    if (whole_span) {
      const From* from = line + first_x * channels;
      for (int64_t elem = 0; elem < span; ++elem) row[elem] = from[elem];
      continue;
    }
    To* to = row;
    for (int32_t tap_x = 0; tap_x < window.filter_w; ++tap_x, to += channels) {
      const int64_t in_x = window.in_x(out_x, tap_x);
      const bool valid = in_x >= 0 && in_x < window.in_w;
      const From* from = line + (valid ? in_x * channels : 0);
      for (int64_t channel = 0; channel < channels; ++channel) to[channel] = valid ? static_cast<To>(from[channel]) : padding;
    }
  }
}

/// Gathers panel after panel and hands each to multiply(panel, rows, first row).
template <typename Lanes, typename From, typename To, typename Multiply>
[[gnu::always_inline]] inline void for_panels(const Window& window, Range rows, const From* input, To padding, int64_t depth, To* panel,
                                              const Multiply& multiply) {
  const int64_t image_elems = int64_t{window.in_h} * window.in_w * window.in_c;
  int64_t filled = 0, first_row = rows.begin * window.out_w;
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const From* image = input + row / window.out_h * image_elems;
    for (int32_t out_x = 0; out_x < window.out_w; ++out_x) {
      gather_row<Lanes>(window, image, static_cast<int32_t>(row % window.out_h), out_x, padding, panel + filled * depth);
      if (++filled < lanes::kPanelRows<Lanes>) continue;
      multiply(panel, filled, first_row);
      first_row += filled;
      filled = 0;
    }
  }
  if (filled > 0) multiply(panel, filled, first_row);
}

template <typename Lanes>
struct Generic {
  static int64_t depth(const Window& window) { return int64_t{window.filter_h} * window.filter_w * window.in_c; }
  static int64_t even_depth(const Window& window) { return lanes::round_up(depth(window), 2); }
  static int64_t padded_channels(const Window& window) { return lanes::round_up(window.out_c, lanes::kBlock<Lanes>); }

  // int8: channel arrays, then weights.
  static bool accepts_int8(const Int8Params&) { return true; }

  static int64_t packed_bytes_int8(const Int8Params& params) {
    const int64_t channels = padded_channels(params.window);
    return channels * lanes::ChannelArrays::kArrays * int64_t{sizeof(int32_t)} +
           channels * even_depth(params.window) * int64_t{sizeof(int16_t)};
  }

  static void pack_int8(const Int8Params& params, std::byte* packed) {
    const int64_t channels = padded_channels(params.window), taps = depth(params.window);
    const lanes::ChannelArrays arrays(packed, channels);
    for (int64_t channel = 0; channel < params.window.out_c; ++channel) {
      uint32_t sum = 0;
      for (int64_t tap = 0; tap < taps; ++tap) sum += static_cast<uint32_t>(params.weights[channel * taps + tap]);
      const uint32_t bias = params.bias == nullptr ? 0 : static_cast<uint32_t>(params.bias[channel]);
      arrays.set(channel, static_cast<int32_t>(bias - static_cast<uint32_t>(params.input_zero_point) * sum), params.multipliers[channel]);
    }
    lanes::pack_pairs<Lanes>(params.weights, params.window.out_c, taps, reinterpret_cast<int16_t*>(arrays.right + channels));
  }

  static int64_t scratch_bytes_int8(const Int8Params& params) {
    return lanes::kPanelRows<Lanes> * even_depth(params.window) * int64_t{sizeof(int16_t)};
  }

  static void run_int8(const Int8Params& params, Range rows, const int8_t* input, int8_t* output) {
    const Window& window = params.window;
    const int64_t channels = padded_channels(window), row_elems = even_depth(window), out_c = window.out_c;
    const lanes::Requantizer<Lanes> requantizer(params, channels);
    const auto* weights = reinterpret_cast<const int16_t*>(requantizer.arrays.right + channels);
    const auto finish = [&](int64_t row, int64_t channel, typename Lanes::Int sums) __attribute__((always_inline)) {
      requantizer.store(sums, channel, out_c - channel, output + row * out_c + channel);
    };
    for_panels<Lanes>(window, rows, input, static_cast<int16_t>(params.input_zero_point), row_elems,
                      reinterpret_cast<int16_t*>(params.scratch), [&](const int16_t* panel, int64_t count, int64_t first_row) {
                        lanes::multiply_panel<Lanes, lanes::Int8Tile<Lanes>>(panel, count, row_elems, weights, out_c, first_row, finish);
                      });
  }

  template <typename Params>
  static int64_t units(const Params& params) {
    return params.window.out_rows();
  }

  static constexpr Int8Kernel int8_kernel(const char* name, Isa isa) {
    return {name, isa, accepts_int8, packed_bytes_int8, pack_int8, scratch_bytes_int8, units<Int8Params>, run_int8};
  }
};

}  // namespace liteqat::kernels::conv2d
