// From accumulators in registers to int8 codes in memory, for the tiles of dot_tile.h: along the proved steps of code_steps.h where every
// channel has them, else by the two roundings in integers (requantize.h). Templates on a Lanes type of internal linkage.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/lanes/code_steps.h"
#include "kernels/lanes/dot_tile.h"
#include "kernels/lanes/requantize.h"

namespace liteqat::kernels::lanes {

/// Before the arrays, for all channels together.
enum class CodeMode : int32_t {
  kInteger,   // lanes/requantize.h
  kOneSided,  // along lines that give codes
  kTwoSided,  // along two lines that give distances from the zero point
  kHalfEven,  // XNNPACK's product in float32, for accumulators that stay inside 2^30 once multiplied
};

/// Where the per-channel arrays of the steps lie: one array of `stride` four-byte elements each; those of CodeEpilogue after the mode.
struct StepArrays {
  static constexpr int64_t kArrays = 6;
  static constexpr int64_t kModeBytes = kAlignment;

  int32_t *bias, *split;
  float *high, *low, *above, *below;

  [[gnu::always_inline]] StepArrays(int32_t* arrays, int64_t stride)
      : bias(arrays),
        split(bias + stride),
        high(reinterpret_cast<float*>(split + stride)),
        low(high + stride),
        above(low + stride),
        below(above + stride) {}

  /// The bias includes the offset of the steps.
  [[gnu::always_inline]] void set(int64_t position, int32_t bias_value, const CodeSteps& steps) const {
    bias[position] = numeric::wrapping_add(bias_value, steps.offset);
    split[position] = steps.split;
    high[position] = steps.high;
    low[position] = steps.low;
    above[position] = steps.above;
    below[position] = steps.below;
  }
  /// For CodeMode::kHalfEven, which leaves the rest unread.
  [[gnu::always_inline]] void set(int64_t position, int32_t bias_value, float factor, int32_t zero_point) const {
    bias[position] = bias_value;
    split[position] = zero_point;
    high[position] = factor;
  }

  static int64_t bytes(int64_t padded_channels) { return kModeBytes + padded_channels * kArrays * int64_t{sizeof(int32_t)}; }
};

/// Makes the compiler address what lies at fixed distances from the pointer by displacements, not by a spilled pointer to each.
template <typename Elem>
[[gnu::always_inline]] inline void keep_as_base(const Elem*& pointer) {
  asm("" : "+r"(pointer));
}

/// Stores `count` codes of kVectors vectors in pack order, clamped.
template <typename Lanes, int kVectors>
[[gnu::always_inline]] inline void store_codes(const typename Lanes::Int (&codes)[kVectors], int64_t count,
                                               const typename Lanes::ByteClamp& clamp, int8_t* to) {
  if constexpr (kVectors == 4) Lanes::store_packed(to, codes[0], codes[1], codes[2], codes[3], clamp, count);
  if constexpr (kVectors == 2) Lanes::store_packed(to, codes[0], codes[1], clamp, count);
  if constexpr (kVectors == 1) Lanes::store_packed(to, codes[0], clamp, count);
}

/// All rows of a tile, whose count is looked at once: a branch at every row costs as much as its packing. Whole rows of few vectors share a
/// pack.
template <typename Lanes, int kRows, int kVectors>
[[gnu::always_inline]] inline void store_rows(const typename Lanes::Int (&codes)[kRows][kVectors], int64_t count,
                                              const typename Lanes::ByteClamp& clamp, int8_t* to, int64_t row_elems) {
  constexpr int64_t kWhole = int64_t{kVectors} * Lanes::kCount;
  constexpr int kShared = 4 / kVectors, kSharing = Lanes::kSharedPacks && kVectors < 4 ? kRows / kShared * kShared : 0;
  const typename Lanes::ByteClamp own = clamp;  // stores of bytes may alias what is behind the reference
  if (count == kWhole) {
    if constexpr (kSharing > 0) {
#pragma GCC unroll 16
      for (int row = 0; row < kSharing; row += kShared) Lanes::store_shared(to + row * row_elems, row_elems, &codes[row], own);
    }
#pragma GCC unroll 16
    for (int row = kSharing; row < kRows; ++row) store_codes<Lanes, kVectors>(codes[row], kWhole, own, to + row * row_elems);
    return;
  }
#pragma GCC unroll 16
  for (int row = 0; row < kRows; ++row) store_codes<Lanes, kVectors>(codes[row], count, own, to + row * row_elems);
}

/// The steps of a block's first position.
struct StepPointers {
  int32_t zero_point;
  const int32_t* split;
  const float *high, *low, *above, *below;
};

/// Accumulators of a block become codes, unclamped.
template <typename Lanes, bool kTwoSided, int kRows, int kVectors>
[[gnu::always_inline]] inline void codes_along_steps(const StepPointers& steps, typename Lanes::Int (&sums)[kRows][kVectors]) {
#pragma GCC unroll 4
  for (int vector = 0; vector < kVectors; ++vector) {
    const int64_t at = vector * Lanes::kCount;
    const auto slope = Lanes::load(steps.high + at), slope_rest = Lanes::load(steps.low + at), constant = Lanes::load(steps.above + at);
#pragma GCC unroll 16
    for (int row = 0; row < kRows; ++row) {
      if constexpr (kTwoSided) {
        const auto own = Lanes::select_less(sums[row][vector], Lanes::load(steps.split + at), Lanes::load(steps.below + at), constant);
        sums[row][vector] = Lanes::add(Lanes::step_codes(sums[row][vector], slope, slope_rest, own), Lanes::broadcast(steps.zero_point));
      } else {
        sums[row][vector] = Lanes::step_codes(sums[row][vector], slope, slope_rest, constant);
      }
    }
  }
}

/// The same for CodeMode::kHalfEven.
template <typename Lanes, int kRows, int kVectors>
[[gnu::always_inline]] inline void half_even_codes(const StepPointers& steps, typename Lanes::Int (&sums)[kRows][kVectors]) {
#pragma GCC unroll 4
  for (int vector = 0; vector < kVectors; ++vector) {
    const int64_t at = vector * Lanes::kCount;
    const auto factor = Lanes::load(steps.high + at);
    const auto zero_point = Lanes::load(steps.split + at);
#pragma GCC unroll 16
    for (int row = 0; row < kRows; ++row) {
      sums[row][vector] = Lanes::add(Lanes::round_half_even_product(sums[row][vector], factor), zero_point);
    }
  }
}

/// By any mode but kInteger.
template <typename Lanes, int kRows, int kVectors>
[[gnu::always_inline]] inline void codes_by_mode(CodeMode mode, const StepPointers& steps, typename Lanes::Int (&sums)[kRows][kVectors]) {
  if (mode == CodeMode::kHalfEven) return half_even_codes<Lanes>(steps, sums);
  if (mode == CodeMode::kTwoSided) return codes_along_steps<Lanes, true>(steps, sums);
  codes_along_steps<Lanes, false>(steps, sums);
}

/// For convolutions: one fixed-point multiplier per channel.
template <typename Lanes>
struct CodeEpilogue {
  using Int = typename Lanes::Int;
  CodeMode mode;
  int32_t zero_point;
  const int32_t *bias, *split;
  const float *high, *low, *above, *below;
  Requantizer<Lanes> integer;
  typename Lanes::ByteClamp clamp;
  int64_t row_elems;  // of the output

  template <typename Params>
  [[gnu::always_inline]] CodeEpilogue(const Params& params, const std::byte* arrays, int64_t padded_channels, int64_t output_row_elems)
      : mode(*reinterpret_cast<const CodeMode*>(arrays)),
        zero_point(params.output_zero_point),
        bias(reinterpret_cast<const int32_t*>(arrays + StepArrays::kModeBytes)),
        split(bias + padded_channels),
        high(reinterpret_cast<const float*>(split + padded_channels)),
        low(high + padded_channels),
        above(low + padded_channels),
        below(above + padded_channels),
        integer(params, arrays + StepArrays::kModeBytes, padded_channels),
        clamp(Lanes::byte_clamp(params.clamp.low, params.clamp.high)),
        row_elems(output_row_elems) {}

  /// With the arrays at the begin of packed memory.
  template <typename Params>
  [[gnu::always_inline]] CodeEpilogue(const Params& params, int64_t padded_channels, int64_t output_row_elems)
      : CodeEpilogue(params, params.packed, padded_channels, output_row_elems) {}

  template <int kRows, int kVectors>
  [[gnu::always_inline]] void store(Int (&sums)[kRows][kVectors], const ChannelBlock& block, int8_t* output) const {
    if constexpr (Lanes::kHasSteps) {
      if (mode == CodeMode::kOneSided || mode == CodeMode::kTwoSided) {
        const StepPointers steps = steps_at(block.channel);
        mode == CodeMode::kTwoSided ? codes_along_steps<Lanes, true>(steps, sums) : codes_along_steps<Lanes, false>(steps, sums);
        return store_rows<Lanes, kRows, kVectors>(sums, block.count, clamp, output, row_elems);
      }
    }
    Int kept[kRows][kVectors];
#pragma GCC unroll 16
    for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
      for (int vector = 0; vector < kVectors; ++vector) kept[row][vector] = sums[row][vector];
    }
    store_kept(kept, kRows, block, output);
  }

  /// For paired_tile.h: the first vector of the block of every row, and that which two rows share; rows `delta` bytes apart.
  template <int kPairs>
  [[gnu::always_inline]] void store_pairs(Int (&whole)[2 * kPairs][1], Int (&shared)[kPairs][1], const ChannelBlock& block, int8_t* output,
                                          int64_t delta) const {
    const StepPointers steps = steps_at(block.channel), others = steps_at(block.channel + Lanes::kCount);
    if (mode == CodeMode::kOneSided) {
      codes_along_steps<Lanes, false>(steps, whole);
      codes_along_steps<Lanes, false>(others, shared);
    } else if (mode == CodeMode::kTwoSided) {
      codes_along_steps<Lanes, true>(steps, whole);
      codes_along_steps<Lanes, true>(others, shared);
    } else {
      Int kept[3 * kPairs];
#pragma GCC unroll 16
      for (int row = 0; row < 2 * kPairs; ++row) kept[row] = whole[row][0];
#pragma GCC unroll 8
      for (int pair = 0; pair < kPairs; ++pair) kept[2 * kPairs + pair] = shared[pair][0];
      keep_codes(kept, 2 * kPairs, block.channel);
      keep_codes(kept + 2 * kPairs, kPairs, block.channel + Lanes::kCount);
#pragma GCC unroll 16
      for (int row = 0; row < 2 * kPairs; ++row) whole[row][0] = kept[row];
#pragma GCC unroll 8
      for (int pair = 0; pair < kPairs; ++pair) shared[pair][0] = kept[2 * kPairs + pair];
    }
    const typename Lanes::ByteClamp own = clamp;  // stores of bytes may alias what is behind the reference
    const int64_t count = block.count;
#pragma GCC unroll 8
    for (int pair = 0; pair < kPairs; ++pair) {
      Lanes::store_pair(output + 2 * pair * delta, delta, whole[2 * pair][0], whole[2 * pair + 1][0], shared[pair][0], own, count);
    }
  }

 private:
  /// Codes of vectors of one position, in memory, by the modes that tiles share.
  [[gnu::noinline]] void keep_codes(Int* sums, int64_t count, int64_t channel) const {
    for (int64_t index = 0; index < count; ++index) {
      Int codes[1][1] = {{sums[index]}};
      if (mode == CodeMode::kInteger) {
        codes[0][0] = integer.codes(codes[0][0], channel);
      } else {
        codes_by_mode<Lanes>(mode, steps_at(channel), codes);
      }
      sums[index] = codes[0][0];
    }
  }

  [[gnu::always_inline]] StepPointers steps_at(int64_t channel) const {
    return {zero_point, split + channel, high + channel, low + channel, above + channel, below + channel};
  }

  /// The other modes, through memory: tiles of all numbers of rows share the code, and a tile that had them beside its steps would have to
  /// keep its sums in memory itself.
  template <int kVectors>
  [[gnu::noinline]] void store_kept(const Int (*sums)[kVectors], int64_t rows, const ChannelBlock& block, int8_t* output) const {
    for (int64_t row = 0; row < rows; ++row) {
      Int codes[1][kVectors];
      for (int vector = 0; vector < kVectors; ++vector) codes[0][vector] = sums[row][vector];
      if constexpr (Lanes::kHasSteps) {
        if (mode == CodeMode::kHalfEven) {
          half_even_codes<Lanes>(steps_at(block.channel), codes);
          store_codes<Lanes, kVectors>(codes[0], block.count, clamp, output + row * row_elems);
          continue;
        }
      }
      for (int vector = 0; vector < kVectors; ++vector) {
        codes[0][vector] = integer.codes(codes[0][vector], block.channel + vector * Lanes::kCount);
      }
      store_codes<Lanes, kVectors>(codes[0], block.count, clamp, output + row * row_elems);
    }
  }
};

}  // namespace liteqat::kernels::lanes
