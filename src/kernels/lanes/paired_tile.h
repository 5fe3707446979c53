// Products of rows of input codes with a last block of 17 to 24 output channels (dot_tile.h), which would leave a quarter of two vectors
// idle: the channels beyond the first sixteen of two rows share one vector, so that two rows take three vectors instead of four. Such a
// block holds its channels in order, and those beyond sixteen twice, in its weights as in its arrays. Templates on a Lanes type of internal
// linkage that has join_halves.
#pragma once

#include "kernels/lanes/dot_epilogue.h"
#include "kernels/lanes/dot_tile.h"

namespace liteqat::kernels::lanes {

/// 2 * kPairs rows.
template <typename Lanes, int kPairs>
[[gnu::noinline]] void paired_tile(const CodeEpilogue<Lanes>& epilogue, const DotTaps& taps, const typename Lanes::Tap* rows,
                                   int64_t row_delta, const typename Lanes::Weight* weights, const ChannelBlock& block, int8_t* output,
                                   int64_t output_delta) {
  using Int = typename Lanes::Int;
  constexpr int kPointers = (2 * kPairs + 2) / 3;
  constexpr int64_t kVectorElems = int64_t{Lanes::kCount} * Lanes::kTaps;
  Int whole[2 * kPairs][1], shared[kPairs][1];
#pragma GCC unroll 16
  for (int row = 0; row < 2 * kPairs; ++row) whole[row][0] = Lanes::load(epilogue.bias + block.channel);
#pragma GCC unroll 8
  for (int pair = 0; pair < kPairs; ++pair) shared[pair][0] = Lanes::load(epilogue.bias + block.channel + Lanes::kCount);
  for (int64_t segment = 0; segment < taps.segments; ++segment) {
    const typename Lanes::Tap* from[kPointers];
#pragma GCC unroll 8
    for (int pointer = 0; pointer < kPointers; ++pointer) from[pointer] = rows + taps.offsets[segment] + 3 * pointer * row_delta;
    for (int64_t at = 0; at < taps.taps; at += Lanes::kTaps, weights += 2 * kVectorElems) {
      const Int first = Lanes::load_weights(weights), second = Lanes::load_weights(weights + kVectorElems);
#pragma GCC unroll 8
      for (int pair = 0; pair < kPairs; ++pair) {
        const int even = 2 * pair, odd = even + 1;
        const Int a = Lanes::broadcast_taps(from[even / 3] + even % 3 * row_delta + at);
        const Int b = Lanes::broadcast_taps(from[odd / 3] + odd % 3 * row_delta + at);
        whole[even][0] = Lanes::dot(whole[even][0], a, first);
        whole[odd][0] = Lanes::dot(whole[odd][0], b, first);
        shared[pair][0] = Lanes::dot(shared[pair][0], Lanes::join_halves(a, b), second);
      }
    }
  }
  epilogue.template store_pairs<kPairs>(whole, shared, block, output, output_delta);
}

/// paired_tile of `pairs` pairs, a number known only now.
template <typename Lanes, int kPairs = Lanes::kTileSums / 3>
[[gnu::always_inline]] inline void paired_tile_of(int64_t pairs, const CodeEpilogue<Lanes>& epilogue, const DotTaps& taps,
                                                  const typename Lanes::Tap* from, int64_t row_delta, const typename Lanes::Weight* weights,
                                                  const ChannelBlock& block, int8_t* output, int64_t output_delta) {
  if (pairs == kPairs) return paired_tile<Lanes, kPairs>(epilogue, taps, from, row_delta, weights, block, output, output_delta);
  if constexpr (kPairs > 1) {
    return paired_tile_of<Lanes, kPairs - 1>(pairs, epilogue, taps, from, row_delta, weights, block, output, output_delta);
  }
}

/// `rows` rows by the block; arguments as of multiply_block.
template <typename Lanes>
void multiply_paired(const CodeEpilogue<Lanes>& epilogue, const DotTaps& taps, const typename Lanes::Tap* from, int64_t row_delta,
                     int64_t rows, const typename Lanes::Weight* packed, const ChannelBlock& block, int8_t* output) {
  const typename Lanes::Weight* weights = packed + block.channel * taps.count();
  int8_t* to = output + block.channel;
  const int64_t pairs = rows / 2, tiles = (pairs + Lanes::kTileSums / 3 - 1) / (Lanes::kTileSums / 3);
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const Range part = part_of(pairs, tile, tiles);
    paired_tile_of<Lanes>(part.end - part.begin, epilogue, taps, from + 2 * part.begin * row_delta, row_delta, weights, block,
                          to + 2 * part.begin * epilogue.row_elems, epilogue.row_elems);
  }
  // An odd row is a pair with itself.
  if (rows % 2 == 0) return;
  paired_tile<Lanes, 1>(epilogue, taps, from + (rows - 1) * row_delta, 0, weights, block, to + (rows - 1) * epilogue.row_elems, 0);
}

}  // namespace liteqat::kernels::lanes
