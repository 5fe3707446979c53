// The inner product of int8 that conv2d and fully_connected share where no instruction multiplies bytes: a tile of rows by output channels
// in registers, weights packed so that one vector holds one tap of neighbouring output channels. Templates on a Lanes type of internal
// linkage, so nothing here is exported.
//
// Runs on int16 pairs: rows are widened, an odd depth is padded with 0. Results do not depend on the order of summation.
#pragma once

#include <cstdint>

#include "kernels/lanes/blocks.h"

namespace liteqat::kernels::lanes {

inline constexpr int32_t kPanelTiles = 4;  // tiles of rows that share a block's weights while those are in the nearest cache

/// Output channels of a block, the unit of packing.
template <typename Lanes>
inline constexpr int32_t kBlock = Lanes::kCount* Lanes::kTileVectors;

template <typename Lanes>
inline constexpr int32_t kPanelRows = Lanes::kTileRows* kPanelTiles;

/// Weights [out][depth] to [block][pair of depth][channel][2]. depth_pairs = ceil(depth / 2). Requires: zeroed target.
template <typename Lanes>
void pack_pairs(const int8_t* weights, int64_t out, int64_t depth, int16_t* packed) {
  const int64_t pairs = (depth + 1) / 2;
  for (int64_t channel = 0; channel < out; ++channel) {
    int16_t* block = packed + channel / kBlock<Lanes> * pairs * kBlock<Lanes> * 2 + channel % kBlock<Lanes> * 2;
    for (int64_t in = 0; in < depth; ++in) block[in / 2 * kBlock<Lanes> * 2 + in % 2] = weights[channel * depth + in];
  }
}

/// Rows of int16 pairs times one block of weights.
template <typename Lanes>
struct Int8Tile {
  using Elem = int16_t;
  using Vector = typename Lanes::Int;

  template <int kRows, int kVectors>
  [[gnu::always_inline]] static void multiply(const int16_t* rows, int64_t depth, const int16_t* block, Vector (&sums)[kRows][kVectors]) {
    for (int row = 0; row < kRows; ++row) {
      for (int vector = 0; vector < kVectors; ++vector) sums[row][vector] = Lanes::zero_int();
    }
    for (int64_t in = 0; in < depth; in += 2, block += kBlock<Lanes> * 2) {
      Vector weights[kVectors];
#pragma GCC unroll 4
      for (int vector = 0; vector < kVectors; ++vector) weights[vector] = Lanes::load_pairs(block + vector * Lanes::kCount * 2);
#pragma GCC unroll 16
      for (int row = 0; row < kRows; ++row) {
        int32_t pair;
        __builtin_memcpy(&pair, rows + row * depth + in, sizeof(pair));
        const Vector x = Lanes::broadcast(pair);
#pragma GCC unroll 4
        for (int vector = 0; vector < kVectors; ++vector) {
          sums[row][vector] = Lanes::multiply_add_pairs(sums[row][vector], x, weights[vector]);
        }
      }
    }
  }
};

/// One tile, handed to finish(row, channel, vector) per vector.
template <typename Lanes, typename Tile, int kRows, int kVectors, typename Finish>
[[gnu::always_inline]] inline void finish_tile(const typename Tile::Elem* rows, int64_t depth, const typename Tile::Elem* block,
                                               int64_t first_row, int64_t first_channel, const Finish& finish) {
  typename Tile::Vector sums[kRows][kVectors];
  Tile::template multiply<kRows, kVectors>(rows, depth, block, sums);
#pragma GCC unroll 16
  for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
    for (int vector = 0; vector < kVectors; ++vector) finish(first_row + row, first_channel + vector * Lanes::kCount, sums[row][vector]);
  }
}

template <typename Lanes, typename Tile, int kVectors, typename Finish>
[[gnu::always_inline]] inline void multiply_block(const typename Tile::Elem* panel, int64_t rows, int64_t depth,
                                                  const typename Tile::Elem* block, int64_t first_row, int64_t first_channel,
                                                  const Finish& finish) {
  int64_t row = 0;
  for (; row + Lanes::kTileRows <= rows; row += Lanes::kTileRows) {
    finish_tile<Lanes, Tile, Lanes::kTileRows, kVectors>(panel + row * depth, depth, block, first_row + row, first_channel, finish);
  }
  for (; row < rows; ++row) {
    finish_tile<Lanes, Tile, 1, kVectors>(panel + row * depth, depth, block, first_row + row, first_channel, finish);
  }
}

/// A panel of rows [rows][depth] (depth even for int16) times all blocks of `channels` output channels. finish(row, channel, sums) takes
/// rows counted from first_row; the last vectors of the last block may lie beyond the last channel in part, never as a whole.
template <typename Lanes, typename Tile, typename Finish>
[[gnu::always_inline]] inline void multiply_panel(const typename Tile::Elem* panel, int64_t rows, int64_t depth,
                                                  const typename Tile::Elem* packed, int64_t channels, int64_t first_row,
                                                  const Finish& finish) {
  const int64_t block_elems = depth * kBlock<Lanes>;
  for (int64_t channel = 0; channel < channels; channel += kBlock<Lanes>, packed += block_elems) {
    if (channels - channel > Lanes::kCount) {
      multiply_block<Lanes, Tile, Lanes::kTileVectors>(panel, rows, depth, packed, first_row, channel, finish);
    } else {
      multiply_block<Lanes, Tile, 1>(panel, rows, depth, packed, first_row, channel, finish);
    }
  }
}

}  // namespace liteqat::kernels::lanes
