// Products of rows of floats with packed weights in register tiles. Every output is summed in ascending order of its taps, as the Lanes
// type multiplies and adds (numeric/float_sum.h), whose internal linkage keeps all here from being exported.
#pragma once

#include <cstdint>

#include "kernels/float_products/float_products.h"

namespace liteqat::kernels::lanes {

using FloatTaps = float_products::Taps;
using FloatEpilogue = float_products::Epilogue;

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
[[gnu::noinline]] void float_tile(const FloatEpilogue& epilogue, const FloatTaps& taps, const float* rows, int64_t row_delta,
                                  const float* weights, const ChannelBlock& block, float* output) {
  constexpr int kPointers = (kRows + 2) / 3;
  typename Lanes::Float sums[kRows][kVectors];
#pragma GCC unroll 16
  for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
    for (int vector = 0; vector < kVectors; ++vector) {
      sums[row][vector] = Lanes::kFused ? Lanes::load(epilogue.bias + block.channel + vector * Lanes::kCount) : Lanes::zero_float();
    }
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
        } else if constexpr (Lanes::kMultipliesFromMemory) {
#pragma GCC unroll 4
          for (int vector = 0; vector < kVectors; ++vector) {
            sums[row][vector] = Lanes::multiply_from_memory_then_add(sums[row][vector], from_row, w[vector]);
          }
        }
      }
    }
  }
  const typename Lanes::Float low = Lanes::broadcast(epilogue.clamp.low), high = Lanes::broadcast(epilogue.clamp.high);
#pragma GCC unroll 4
  for (int vector = 0; vector < kVectors; ++vector) {
    const typename Lanes::Float last =
        Lanes::kFused ? Lanes::zero_float() : Lanes::load(epilogue.bias + block.channel + vector * Lanes::kCount);
    const int64_t count = block.count - vector * Lanes::kCount;
#pragma GCC unroll 16
    for (int row = 0; row < kRows; ++row) {
      const typename Lanes::Float result = Lanes::clamp(Lanes::add(sums[row][vector], last), low, high);
      Lanes::store_first(output + row * epilogue.row_elems + vector * Lanes::kCount, result, count);
    }
  }
}

/// float_tile of `rows` rows, a number known only now.
template <typename Lanes, int kVectors, int kRows = kFloatTileRows<Lanes, kVectors>>
[[gnu::always_inline]] inline void float_tile_of(int64_t rows, const FloatEpilogue& epilogue, const FloatTaps& taps, const float* from,
                                                 int64_t row_delta, const float* weights, const ChannelBlock& block, float* output) {
  if (rows == kRows) return float_tile<Lanes, kRows, kVectors>(epilogue, taps, from, row_delta, weights, block, output);
  if constexpr (kRows > 1) {
    return float_tile_of<Lanes, kVectors, kRows - 1>(rows, epilogue, taps, from, row_delta, weights, block, output);
  }
}

/// `rows` rows by one block, in tiles of rows as equal as they can be.
template <typename Lanes, int kVectors>
void float_block(const FloatEpilogue& epilogue, const FloatTaps& taps, const float* from, int64_t row_delta, int64_t rows,
                 const float* weights, const ChannelBlock& block, float* output) {
  constexpr int64_t kMost = kFloatTileRows<Lanes, kVectors>;
  const int64_t tiles = (rows + kMost - 1) / kMost;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const Range part = part_of(rows, tile, tiles);
    float_tile_of<Lanes, kVectors>(part.end - part.begin, epilogue, taps, from + part.begin * row_delta, row_delta, weights, block,
                                   output + part.begin * epilogue.row_elems);
  }
}

/// What float_products::Multiply says.
template <typename Lanes>
[[gnu::always_inline]] inline void multiply_floats(const FloatEpilogue& epilogue, const FloatTaps& taps, const float* from,
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

}  // namespace liteqat::kernels::lanes
