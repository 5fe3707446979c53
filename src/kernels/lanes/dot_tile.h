// Products of rows of input codes with packed int8 weights, several taps at a time, in register tiles: the inner loops that the int8
// kernels of conv2d and fully_connected share. Lanes::dot sums Lanes::kTaps products per lane: four of bytes, or two of int16. Templates on
// a Lanes type of internal linkage, so nothing here is exported.
//
// Rows hold Lanes::tap(code), that is code + Lanes::kInputShift (128 where the instruction multiplies unsigned by signed bytes); the caller
// folds the shift into the bias. Sums are exact modulo 2^32.
//
// Output channels come in blocks of 64, 32 or 16. Inside a block they stand in the order in which saturating packs leave them, so that
// packing needs no permutation: channel 4 * (kVectors * group + vector) + lane % 4 of lane = 4 * group + lane % 4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/lanes/blocks.h"

namespace liteqat::kernels::lanes {

inline constexpr int32_t kDotTaps = 4;  // taps of a lane where dot() takes bytes

/// A block of one vector may take twice as many taps of a row at a time, in two vectors of half the channels each, whose halves are added
/// in the end: half the broadcasts, on which such a block otherwise waits.
template <typename Lanes>
inline constexpr int32_t kWideTaps = 2 * Lanes::kTaps;

/// Taps of a segment once padded, and whether blocks of one vector take twice as many at a time.
template <typename Lanes>
struct TapPadding {
  int64_t taps;
  bool wide;

  [[gnu::always_inline]] TapPadding(int64_t segment_taps, bool has_single) {
    const int64_t narrow = (segment_taps + Lanes::kTaps - 1) / Lanes::kTaps * Lanes::kTaps;
    const int64_t eights = (segment_taps + kWideTaps<Lanes> - 1) / kWideTaps<Lanes> * kWideTaps<Lanes>;
    wide = has_single && eights * 8 <= narrow * 9;
    taps = wide ? eights : narrow;
  }
};

/// The block that holds `position`.
template <typename Lanes>
[[gnu::always_inline]] inline ChannelBlock block_of(int64_t position, int64_t channels) {
  int64_t begin = 0;
  for (;;) {
    const ChannelBlock block = block_at<Lanes>(begin, channels);
    if (position < begin + block.vectors * Lanes::kCount) return block;
    begin += block.vectors * Lanes::kCount;
  }
}

/// Whether the last block has one vector only.
template <typename Lanes>
[[gnu::always_inline]] inline bool has_single_block(int64_t channels) {
  bool single = false;
  for_blocks<Lanes>(channels, {0, channels}, [&](const ChannelBlock& block) { single = block.vectors == 1; });
  return single;
}

/// Whether a block's channels stand as paired_tile.h wants them, where a kernel has such tiles.
template <typename Lanes>
[[gnu::always_inline]] inline bool is_paired(const ChannelBlock& block) {
  constexpr bool kPairs = requires(typename Lanes::Int x) {
    Lanes::join_halves(x, x);
  };
  return kPairs && block.vectors == 2 && 2 * block.count <= 3 * Lanes::kCount;
}

/// Calls each(channel, position) for every position that holds a channel. paired: the kernel has tiles of pairs.
template <typename Lanes, typename Each>
[[gnu::always_inline]] inline void for_positions(int64_t channels, const Each& each, bool paired = false) {
  for (int64_t begin = 0; begin < channels;) {
    const ChannelBlock block = block_at<Lanes>(begin, channels);
    const bool in_pairs = paired && is_paired<Lanes>(block);
    for (int32_t lane = 0; lane < block.vectors * Lanes::kCount; ++lane) {
      const int32_t vector = lane / Lanes::kCount, group = lane % Lanes::kCount / 4;
      const int64_t packed = begin + 4 * (block.vectors * group + vector) + lane % 4;
      const int64_t channel = in_pairs ? begin + (vector == 0 ? lane : Lanes::kCount + lane % (Lanes::kCount / 2)) : packed;
      if (channel < channels) each(channel, begin + lane);
    }
    begin += block.vectors * Lanes::kCount;
  }
}

/// The taps that a row is multiplied with: segments of neighbouring bytes, each at its offset from the row's begin.
struct DotTaps {
  const int64_t* offsets;
  int64_t segments, taps;  // taps of a segment, padded
  bool wide;

  [[gnu::always_inline]] int64_t count() const { return segments * taps; }
};

/// Where the weights of one tap of one channel stand: [block][step][position][taps]; in a block of one vector that takes twice as many at a
/// time [block][step][half][channel of the half][taps], channel 4 * group + i of half i / 2.
template <typename Lanes>
[[gnu::always_inline]] inline int64_t weight_offset(const ChannelBlock& block, int64_t position, int64_t padded_tap, int64_t padded_taps,
                                                    bool wide) {
  const int64_t width = block.vectors * Lanes::kCount;
  if (wide && block.vectors == 1) {
    const int64_t lane = position - block.channel, half = lane % 4 / 2, row = lane / 4 * 2 + lane % 2;
    return block.channel * padded_taps + padded_tap / kWideTaps<Lanes> * width * kWideTaps<Lanes> +
           (half * width / 2 + row) * kWideTaps<Lanes> + padded_tap % kWideTaps<Lanes>;
  }
  return block.channel * padded_taps + padded_tap / Lanes::kTaps * width * Lanes::kTaps + (position - block.channel) * Lanes::kTaps +
         padded_tap % Lanes::kTaps;
}

/// The taps of one segment of one channel, from `weight_offset` of its first one on.
template <typename Lanes>
[[gnu::always_inline]] inline void pack_segment(const ChannelBlock& block, const int8_t* weights, int64_t taps, bool wide,
                                                typename Lanes::Weight* packed) {
  const auto copy = [&](auto group) __attribute__((always_inline)) {
    const int64_t step = block.vectors * Lanes::kCount * group();
    int64_t tap = 0;
    for (; tap + group() <= taps; tap += group(), packed += step) {
      for (int64_t each = 0; each < group(); ++each) packed[each] = weights[tap + each];
    }
    for (int64_t each = 0; tap + each < taps; ++each) packed[each] = weights[tap + each];
  };
  wide&& block.vectors == 1 ? copy(std::integral_constant<int64_t, kWideTaps<Lanes>>())
                            : copy(std::integral_constant<int64_t, Lanes::kTaps>());
}

/// sums = bias + rows times weights. Rows lie `row_delta` bytes apart.
template <typename Lanes, int kRows, int kVectors>
[[gnu::always_inline]] inline void dot_rows(const DotTaps& taps, const typename Lanes::Tap* rows, int64_t row_delta,
                                            const typename Lanes::Weight* weights, const int32_t* bias,
                                            typename Lanes::Int (&sums)[kRows][kVectors]) {
  constexpr int kSets = kRows == 1 ? 2 : 1;  // one row alone has too few independent chains
  constexpr int kPointers = (kRows + 2) / 3;
  constexpr int64_t kStepElems = int64_t{kVectors} * Lanes::kCount * Lanes::kTaps;
  typename Lanes::Int second[kRows][kVectors];
#pragma GCC unroll 16
  for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
    for (int vector = 0; vector < kVectors; ++vector) {
      sums[row][vector] = Lanes::load(bias + vector * Lanes::kCount);
      if constexpr (kSets == 2) second[row][vector] = Lanes::zero_int();
    }
  }
  const auto step = [&](const typename Lanes::Tap* const(&from)[kPointers], int64_t at, typename Lanes::Int(&into)[kRows][kVectors])
      __attribute__((always_inline)) {
    typename Lanes::Int w[kVectors];
#pragma GCC unroll 4
    for (int vector = 0; vector < kVectors; ++vector) w[vector] = Lanes::load_weights(weights + vector * Lanes::kCount * Lanes::kTaps);
    weights += kStepElems;
#pragma GCC unroll 16
    for (int row = 0; row < kRows; ++row) {
      const typename Lanes::Int x = Lanes::broadcast_taps(from[row / 3] + row % 3 * row_delta + at);
#pragma GCC unroll 4
      for (int vector = 0; vector < kVectors; ++vector) into[row][vector] = Lanes::dot(into[row][vector], x, w[vector]);
    }
  };
  for (int64_t segment = 0; segment < taps.segments; ++segment) {
    const typename Lanes::Tap* from[kPointers];
#pragma GCC unroll 8
    for (int pointer = 0; pointer < kPointers; ++pointer) from[pointer] = rows + taps.offsets[segment] + 3 * pointer * row_delta;
    int64_t at = 0;
    const int64_t end = taps.taps;
    if constexpr (kSets == 2) {
      for (; at + 2 * Lanes::kTaps <= end; at += 2 * Lanes::kTaps) {
        step(from, at, sums);
        step(from, at + Lanes::kTaps, second);
      }
    }
    for (; at < end; at += Lanes::kTaps) step(from, at, sums);
  }
  if constexpr (kSets == 2) {
#pragma GCC unroll 4
    for (int vector = 0; vector < kVectors; ++vector) sums[0][vector] = Lanes::add(sums[0][vector], second[0][vector]);
  }
}

/// The same for a block of one vector, twice as many taps at a time.
template <typename Lanes, int kRows>
[[gnu::always_inline]] inline void dot_rows_wide(const DotTaps& taps, const typename Lanes::Tap* rows, int64_t row_delta,
                                                 const typename Lanes::Weight* weights, const int32_t* bias,
                                                 typename Lanes::Int (&sums)[kRows][1]) {
  constexpr int kPointers = (kRows + 2) / 3;
  constexpr int64_t kHalfElems = int64_t{Lanes::kCount} * Lanes::kTaps;
  typename Lanes::Int low[kRows], high[kRows];
#pragma GCC unroll 16
  for (int row = 0; row < kRows; ++row) low[row] = high[row] = Lanes::zero_int();
  for (int64_t segment = 0; segment < taps.segments; ++segment) {
    const typename Lanes::Tap* from[kPointers];
#pragma GCC unroll 8
    for (int pointer = 0; pointer < kPointers; ++pointer) from[pointer] = rows + taps.offsets[segment] + 3 * pointer * row_delta;
    for (int64_t at = 0; at < taps.taps; at += kWideTaps<Lanes>, weights += 2 * kHalfElems) {
      const typename Lanes::Int low_weights = Lanes::load_weights(weights), high_weights = Lanes::load_weights(weights + kHalfElems);
#pragma GCC unroll 16
      for (int row = 0; row < kRows; ++row) {
        const typename Lanes::Int x = Lanes::broadcast_wide(from[row / 3] + row % 3 * row_delta + at);
        low[row] = Lanes::dot(low[row], x, low_weights);
        high[row] = Lanes::dot(high[row], x, high_weights);
      }
    }
  }
  const typename Lanes::Int start = Lanes::load(bias);
#pragma GCC unroll 16
  for (int row = 0; row < kRows; ++row) sums[row][0] = Lanes::add(Lanes::add_halves(low[row], high[row]), start);
}

/// Rows of a tile by vectors of its block, as the sums fit in registers beside weights, an input and a product. AVX-512 without byte
/// products has lower tiles for two vectors than would fit: every height is code, and the library is to stay small.
template <typename Lanes, int kVectors, bool kWide>
inline constexpr int kDotTileRows = kVectors == 4                               ? 6
                                    : kVectors == 2 && Lanes::kTaps != kDotTaps ? (Lanes::kTileSums == 24 ? 8 : 6)
                                    : kVectors == 2 || kWide                    ? Lanes::kTileSums / 2
                                                                                : 12;

/// One tile, stored by epilogue.store<rows, vectors>(sums, block, output of the first row).
template <typename Lanes, typename Epilogue, int kRows, int kVectors, bool kWide>
[[gnu::noinline]] void dot_tile(const Epilogue& epilogue, const DotTaps& taps, const typename Lanes::Tap* rows, int64_t row_delta,
                                const typename Lanes::Weight* weights, const ChannelBlock& block, int8_t* output) {
  typename Lanes::Int sums[kRows][kVectors];
  if constexpr (kWide) {
    dot_rows_wide<Lanes, kRows>(taps, rows, row_delta, weights, epilogue.bias + block.channel, sums);
  } else {
    dot_rows<Lanes, kRows, kVectors>(taps, rows, row_delta, weights, epilogue.bias + block.channel, sums);
  }
  epilogue.template store<kRows, kVectors>(sums, block, output);
}

/// dot_tile of `rows` rows, a number known only now.
template <typename Lanes, typename Epilogue, int kVectors, bool kWide, int kRows = kDotTileRows<Lanes, kVectors, kWide>>
[[gnu::always_inline]] inline void dot_tile_of(int64_t rows, const Epilogue& epilogue, const DotTaps& taps, const typename Lanes::Tap* from,
                                               int64_t row_delta, const typename Lanes::Weight* weights, const ChannelBlock& block,
                                               int8_t* output) {
  if (rows == kRows) return dot_tile<Lanes, Epilogue, kRows, kVectors, kWide>(epilogue, taps, from, row_delta, weights, block, output);
  if constexpr (kRows > 1) {
    return dot_tile_of<Lanes, Epilogue, kVectors, kWide, kRows - 1>(rows, epilogue, taps, from, row_delta, weights, block, output);
  }
}

/// `rows` rows by one block, in tiles of rows as equal as they can be.
template <typename Lanes, typename Epilogue, int kVectors, bool kWide = false>
void dot_block(const Epilogue& epilogue, const DotTaps& taps, const typename Lanes::Tap* from, int64_t row_delta, int64_t rows,
               const typename Lanes::Weight* weights, const ChannelBlock& block, int8_t* output) {
  const int64_t tiles = (rows + kDotTileRows<Lanes, kVectors, kWide> - 1) / kDotTileRows<Lanes, kVectors, kWide>;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const Range part = part_of(rows, tile, tiles);
    dot_tile_of<Lanes, Epilogue, kVectors, kWide>(part.end - part.begin, epilogue, taps, from + part.begin * row_delta, row_delta, weights,
                                                  block, output + part.begin * epilogue.row_elems);
  }
}

/// `rows` rows by one block; output: where the first row's channel 0 goes.
template <typename Lanes, typename Epilogue>
[[gnu::always_inline]] inline void multiply_block(const Epilogue& epilogue, const DotTaps& taps, const typename Lanes::Tap* from,
                                                  int64_t row_delta, int64_t rows, const typename Lanes::Weight* packed,
                                                  const ChannelBlock& block, int8_t* output) {
  const typename Lanes::Weight* weights = packed + block.channel * taps.count();
  int8_t* to = output + block.channel;
  if constexpr (Lanes::kBlockVectors == 4) {
    if (block.vectors == 4) return dot_block<Lanes, Epilogue, 4>(epilogue, taps, from, row_delta, rows, weights, block, to);
  }
  if (block.vectors == 2) return dot_block<Lanes, Epilogue, 2>(epilogue, taps, from, row_delta, rows, weights, block, to);
  if (taps.wide) return dot_block<Lanes, Epilogue, 1, true>(epilogue, taps, from, row_delta, rows, weights, block, to);
  return dot_block<Lanes, Epilogue, 1>(epilogue, taps, from, row_delta, rows, weights, block, to);
}

}  // namespace liteqat::kernels::lanes
