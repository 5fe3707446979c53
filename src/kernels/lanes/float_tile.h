// Products of rows of floats with packed weights in register tiles, for convolutions on strips and for fully connected layers. Every output
// is summed in ascending order of its taps, multiplying then adding, as plain loops do: no contraction. Templates on a Lanes type of
// internal linkage, so nothing here is exported.
#pragma once

#include <cstdint>

#include "kernels/lanes/blocks.h"

namespace liteqat::kernels::lanes {

/// The taps that a row is multiplied with: segments of neighbouring floats, each at its offset from the row's begin.
struct FloatTaps {
  const int64_t* offsets;
  int64_t segments, taps;  // taps of a segment

  [[gnu::always_inline]] int64_t count() const { return segments * taps; }
};

/// Bias, clamp and store.
template <typename Lanes>
struct FloatEpilogue {
  const float* bias;  // by position
  typename Lanes::Float low, high;
  int64_t row_elems;  // of the output
};

/// Rows of a tile by vectors of its block, as registers allow: sums, weights, one input and one product.
template <typename Lanes, int kVectors>
inline constexpr int kFloatTileRows = kVectors * 12 > Lanes::kTileSums ? 6 : 12;

/// Rows of a tile whose inputs are broadcast into a register; those of the others the multiplications broadcast for themselves, where they
/// can (decisions/0045). Two leave no more loads than products, and a CPU of 512-bit units does two of each a cycle.
template <typename Lanes, int kVectors>
inline constexpr int kBroadcastRows = !Lanes::kMultipliesFromMemory ? INT32_MAX
                                      : kVectors > 1                ? 2
                                                                    : 0;

template <typename Lanes, int kRows, int kVectors>
[[gnu::noinline]] void float_tile(const FloatEpilogue<Lanes>& epilogue, const FloatTaps& taps, const float* rows, int64_t row_delta,
                                  const float* weights, const ChannelBlock& block, float* output) {
  constexpr int kPointers = (kRows + 2) / 3;
  typename Lanes::Float sums[kRows][kVectors];
#pragma GCC unroll 16
  for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
    for (int vector = 0; vector < kVectors; ++vector) sums[row][vector] = Lanes::zero_float();
  }
  for (int64_t segment = 0; segment < taps.segments; ++segment) {
    const float* from[kPointers];
#pragma GCC unroll 8
    for (int pointer = 0; pointer < kPointers; ++pointer) from[pointer] = rows + taps.offsets[segment] + 3 * pointer * row_delta;
    for (int64_t tap = 0; tap < taps.taps; ++tap, weights += kVectors * Lanes::kCount) {
      typename Lanes::Float w[kVectors];
#pragma GCC unroll 4
      for (int vector = 0; vector < kVectors; ++vector) w[vector] = Lanes::load(weights + vector * Lanes::kCount);
#pragma GCC unroll 16
      for (int row = 0; row < kRows; ++row) {
        const float* from_row = from[row / 3] + row % 3 * row_delta + tap;
        if (row < kBroadcastRows<Lanes, kVectors>) {
          const typename Lanes::Float x = Lanes::broadcast(*from_row);
#pragma GCC unroll 4
          for (int vector = 0; vector < kVectors; ++vector) sums[row][vector] = Lanes::multiply_then_add(sums[row][vector], x, w[vector]);
        } else {
#pragma GCC unroll 4
          for (int vector = 0; vector < kVectors; ++vector) {
            sums[row][vector] = Lanes::add(sums[row][vector], Lanes::multiply_from_memory(from_row, w[vector]));
          }
        }
      }
    }
  }
#pragma GCC unroll 4
  for (int vector = 0; vector < kVectors; ++vector) {
    const typename Lanes::Float bias = Lanes::load(epilogue.bias + block.channel + vector * Lanes::kCount);
    const int64_t count = block.count - vector * Lanes::kCount;
#pragma GCC unroll 16
    for (int row = 0; row < kRows; ++row) {
      const typename Lanes::Float result = Lanes::clamp(Lanes::add(sums[row][vector], bias), epilogue.low, epilogue.high);
      Lanes::store_first(output + row * epilogue.row_elems + vector * Lanes::kCount, result, count);
    }
  }
}

/// float_tile of `rows` rows, a number known only now.
template <typename Lanes, int kVectors, int kRows = kFloatTileRows<Lanes, kVectors>>
[[gnu::always_inline]] inline void float_tile_of(int64_t rows, const FloatEpilogue<Lanes>& epilogue, const FloatTaps& taps,
                                                 const float* from, int64_t row_delta, const float* weights, const ChannelBlock& block,
                                                 float* output) {
  if (rows == kRows) return float_tile<Lanes, kRows, kVectors>(epilogue, taps, from, row_delta, weights, block, output);
  if constexpr (kRows > 1) {
    return float_tile_of<Lanes, kVectors, kRows - 1>(rows, epilogue, taps, from, row_delta, weights, block, output);
  }
}

/// `rows` rows by one block, in tiles of rows as equal as they can be.
template <typename Lanes, int kVectors>
void float_block(const FloatEpilogue<Lanes>& epilogue, const FloatTaps& taps, const float* from, int64_t row_delta, int64_t rows,
                 const float* weights, const ChannelBlock& block, float* output) {
  constexpr int64_t kMost = kFloatTileRows<Lanes, kVectors>;
  const int64_t tiles = (rows + kMost - 1) / kMost;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const Range part = part_of(rows, tile, tiles);
    float_tile_of<Lanes, kVectors>(part.end - part.begin, epilogue, taps, from + part.begin * row_delta, row_delta, weights, block,
                                   output + part.begin * epilogue.row_elems);
  }
}

/// `rows` rows by one block of packed weights; output: where the first row's channel 0 goes.
template <typename Lanes>
[[gnu::always_inline]] inline void multiply_floats(const FloatEpilogue<Lanes>& epilogue, const FloatTaps& taps, const float* from,
                                                   int64_t row_delta, int64_t rows, const float* packed, const ChannelBlock& block,
                                                   float* output) {
  const float* weights = packed + block.channel * taps.count();
  float* to = output + block.channel;
  if constexpr (Lanes::kBlockVectors == 4) {
    if (block.vectors == 4) return float_block<Lanes, 4>(epilogue, taps, from, row_delta, rows, weights, block, to);
  }
  if (block.vectors == 2) return float_block<Lanes, 2>(epilogue, taps, from, row_delta, rows, weights, block, to);
  return float_block<Lanes, 1>(epilogue, taps, from, row_delta, rows, weights, block, to);
}

/// Weights [out][taps] to [block][tap][channel], blocks of at most `most` vectors. Requires: zeroed target.
template <typename Lanes>
[[gnu::always_inline]] inline void pack_float_blocks(const float* weights, int64_t out, int64_t taps, float* packed,
                                                     int32_t most = Lanes::kBlockVectors) {
  for_blocks<Lanes>(
      out, {0, out},
      [&](const ChannelBlock& block) {
        const int64_t width = block.vectors * Lanes::kCount;
        float* to = packed + block.channel * taps;
        for (int64_t channel = 0; channel < block.count; ++channel) {
          for (int64_t tap = 0; tap < taps; ++tap) to[tap * width + channel] = weights[(block.channel + channel) * taps + tap];
        }
      },
      most);
}

}  // namespace liteqat::kernels::lanes
