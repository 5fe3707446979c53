// Pooling of int8 codes, a vector of channels at a time. Shared by the instruction sets; Lanes and Bytes types of internal linkage give
// the steps.
#pragma once

#include "kernels/lanes/code_sums.h"
#include "kernels/pool/implementations.h"
#include "kernels/window_loops.h"

namespace liteqat::kernels::pool {

/// Averages of more taps may leave what Bytes::divide divides exactly.
inline constexpr int64_t kMostTaps = int64_t{1} << 16;

template <typename Lanes, typename Bytes>
struct Int8Pool {
  using Vector = typename Bytes::Vector;
  using Int = typename Lanes::Int;

  /// The taps of one output pixel: `rows` runs of `columns` pixels.
  struct Taps {
    const int8_t* first;
    int64_t row_elems, channels;
    int32_t rows, columns;

    [[gnu::always_inline]] int32_t count() const { return rows * columns; }
    template <typename Tap>
    [[gnu::always_inline]] void each(int64_t channel, const Tap& tap) const {
      for (int32_t row = 0; row < rows; ++row) {
        const int8_t* pixel = first + row * row_elems + channel;
        for (int32_t column = 0; column < columns; ++column, pixel += channels) tap(pixel);
      }
    }
  };

  /// Calls pixel(taps, output pixel) for all outputs of the rows.
  template <typename Pixel>
  [[gnu::always_inline]] static void for_pixels(const Window& window, Range rows, const int8_t* input, int8_t* output, const Pixel& pixel) {
    const int64_t row_elems = int64_t{window.in_w} * window.in_c;
    output += rows.begin * window.out_w * window.out_c;
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      const auto out_y = static_cast<int32_t>(row % window.out_h);
      const ValidTaps y(window.in_y(out_y, 0), window.filter_h, window.dilation_h, window.in_h);
      const int8_t* line = input + (row / window.out_h * window.in_h + window.in_y(out_y, y.first)) * row_elems;
      for (int32_t out_x = 0; out_x < window.out_w; ++out_x, output += window.out_c) {
        const ValidTaps x(window.in_x(out_x, 0), window.filter_w, window.dilation_w, window.in_w);
        pixel(Taps{line + window.in_x(out_x, x.first) * window.in_c, row_elems, window.in_c, y.last - y.first, x.last - x.first}, output);
      }
    }
  }

  static void max_pool(const Window& window, numeric::IntClamp clamp, Range rows, const int8_t* input, int8_t* output) {
    const Vector low = Bytes::broadcast(clamp.low), high = Bytes::broadcast(clamp.high);
    for_pixels(
        window, rows, input, output, [&](const Taps& taps, int8_t* to) __attribute__((always_inline)) {
          lanes::for_channel_blocks<Bytes>(
              taps.channels, [&](int64_t channel, int64_t count) __attribute__((always_inline)) {
                Vector largest = low;  // what the bound would make of anything less
                if (count == Bytes::kCount) {
                  taps.each(channel, [&](const int8_t* codes) { largest = Bytes::largest(largest, Bytes::load(codes)); });
                  return Bytes::store(to + channel, Bytes::smallest(largest, high));
                }
                taps.each(channel, [&](const int8_t* codes) { largest = Bytes::largest(largest, Bytes::load_first(codes, count)); });
                Bytes::store_first(to + channel, Bytes::smallest(largest, high), count);
              });
        });
  }

  /// Sums to averages of `taps` codes, ties away from zero: half of the taps is added away from zero, then the quotient cut.
  [[gnu::always_inline]] static void store_averages(int32_t* sums, int32_t taps, numeric::IntClamp clamp, int64_t count, int8_t* to) {
    const Int half = Lanes::broadcast(taps / 2), twice_half = Lanes::broadcast(taps / 2 * 2), sign_shift = Lanes::broadcast(int32_t{31});
    const Int low = Lanes::broadcast(clamp.low), high = Lanes::broadcast(clamp.high);
    int8_t codes[Bytes::kCount];
    for (int64_t at = 0; at < count; at += Lanes::kCount) {
      const Int sum = Lanes::load(sums + at), sign = Lanes::shift_right(sum, sign_shift);
      const Int nudged = Lanes::add(sum, Lanes::subtract(half, Lanes::bit_and(twice_half, sign)));
      Lanes::store_narrow(codes + at, Lanes::clamp(Bytes::divide(nudged, static_cast<float>(taps)), low, high));
    }
    if (count == Bytes::kCount) return Bytes::store(to, Bytes::load(codes));
    __builtin_memcpy(to, codes, static_cast<size_t>(count));
  }

  static void average_pool(const Window& window, numeric::IntClamp clamp, Range rows, const int8_t* input, int8_t* output) {
    for_pixels(
        window, rows, input, output, [&](const Taps& taps, int8_t* to) __attribute__((always_inline)) {
          lanes::for_channel_blocks<Bytes>(
              taps.channels, [&](int64_t channel, int64_t count) __attribute__((always_inline)) {
                lanes::CodeSums<Bytes> sums;
                taps.each(
                    channel, [&](const int8_t* codes) __attribute__((always_inline)) { sums.add(codes, count); });
                store_averages(sums.sums(), taps.count(), clamp, count, to + channel);
              });
        });
  }
};

}  // namespace liteqat::kernels::pool
