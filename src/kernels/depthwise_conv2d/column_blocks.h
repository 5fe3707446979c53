// How the kernels of columns.h and strips.h divide channels into blocks and pack their weights. Templates on a Lanes type of internal
// linkage.
#pragma once

#include "kernels/depthwise_conv2d/implementations.h"
#include "kernels/lanes/blocks.h"
#include "kernels/lanes/code_channels.h"
#include "kernels/lanes/requantize.h"

namespace liteqat::kernels::depthwise_conv2d {

/// Channels of a block: whole vectors, the last ones counted from the end where the channels are no multiple; blocks then overlap.
struct ColumnBlock {
  int64_t channel, position;  // position: of the first lane among those of all blocks
  int32_t vectors;
};

/// What depends on filter and stride, as numbers, so that packing is compiled once.
struct ColumnShape {
  int32_t filter, stride, taps, most_vectors;
  bool in_order = false;  // lanes of a block hold its channels in order, not in that of dot_tile.h

  constexpr int32_t rows() const { return stride == 1 ? 2 : 1; }  // of outputs in a tile
  constexpr int32_t read_rows() const { return (rows() - 1) * stride + filter; }
  constexpr int32_t groups() const { return (read_rows() + taps - 1) / taps; }  // of `taps` input rows
  constexpr int64_t position_weights() const { return int64_t{filter} * groups() * rows() * taps; }
};

/// The shape of columns.h: as many vectors a block as columns and sums fit in registers.
constexpr ColumnShape column_shape(int32_t filter, int32_t stride, int32_t taps, int32_t tile_sums) {
  ColumnShape shape = {filter, stride, taps, 1};
  if (2 * (filter * shape.groups() + shape.rows()) <= tile_sums) shape.most_vectors = 2;
  return shape;
}

/// Packed: mode; then per block, so that one register addresses all of it, the arrays of lanes/dot_epilogue.h and the weights
/// [column][group][output row][lane][taps]; then a row of zero points.
template <typename Lanes>
struct ColumnPlaces {
  using Weight = typename Lanes::Weight;
  ColumnShape shape;
  int64_t out_c, row_bytes;

  [[gnu::always_inline]] ColumnPlaces(const ColumnShape& own_shape, const Window& w)
      : shape(own_shape), out_c(w.out_c), row_bytes(lanes::round_up(int64_t{w.in_w} * w.in_c, kAlignment)) {}

  static constexpr int64_t kArraysBytes = lanes::StepArrays::kArrays * int64_t{sizeof(int32_t)};
  [[gnu::always_inline]] int64_t position_bytes() const { return kArraysBytes + shape.position_weights() * int64_t{sizeof(Weight)}; }
  [[gnu::always_inline]] int64_t block_offset(const ColumnBlock& block) const {
    return lanes::StepArrays::kModeBytes + block.position * position_bytes();
  }

  template <typename Each>
  [[gnu::always_inline]] void for_blocks(const Each& each) const {
    int64_t position = 0;
    for (int64_t begin = 0; begin < out_c;) {
      const int64_t left = out_c - begin;
      const int32_t vectors = left <= Lanes::kCount || out_c < 2 * Lanes::kCount ? 1 : shape.most_vectors;
      const int64_t width = vectors * Lanes::kCount;
      each(ColumnBlock{left < width ? out_c - width : begin, position, vectors});
      begin += width;
      position += width;
    }
  }

  int64_t padding_offset() const {
    int64_t end = 0;
    for_blocks([&](const ColumnBlock& block) { end = block_offset({0, block.position + block.vectors * Lanes::kCount, 0}); });
    return lanes::round_up(end, kAlignment);
  }
  int64_t bytes() const { return padding_offset() + row_bytes; }

  /// Calls each(channel, block, lane) for every lane of every block.
  template <typename Each>
  [[gnu::always_inline]] void for_lanes(const Each& each) const {
    for_blocks([&](const ColumnBlock& block) {
      for (int32_t lane = 0; lane < block.vectors * Lanes::kCount; ++lane) {
        const int32_t vector = lane / Lanes::kCount, group = lane % Lanes::kCount / 4;
        const int64_t packed = 4 * (int64_t{block.vectors} * group + vector) + lane % 4;
        each(block.channel + (shape.in_order ? lane : packed), block, lane);
      }
    });
  }

  void pack(const Int8Params& params, std::byte* packed) const {
    const int64_t filter_taps = int64_t{shape.filter} * shape.filter;
    const lanes::ChannelTaps taps = {.taps = filter_taps, .channel_stride = 1, .tap_stride = out_c};
    const auto block_arrays = [&](const ColumnBlock& block) { return reinterpret_cast<int32_t*>(packed + block_offset(block)); };
    const auto sum = [&](int64_t channel) { return lanes::sum_of_taps<Lanes>(params.weights, taps, channel); };
    *reinterpret_cast<lanes::CodeMode*>(packed) = lanes::pack_code_channels<Lanes>(params, taps, sum, [&](const auto& each) {
      for_lanes([&](int64_t channel, const ColumnBlock& block, int32_t lane) {
        each(channel, block_arrays(block), block.vectors * Lanes::kCount, lane);
      });
    });
    for_lanes([&](int64_t channel, const ColumnBlock& block, int32_t lane) {
      const int64_t width = block.vectors * Lanes::kCount;
      auto* own = reinterpret_cast<Weight*>(block_arrays(block) + lanes::StepArrays::kArrays * width) + lane * shape.taps;
      for (int64_t tap = 0; tap < filter_taps; ++tap) {
        for (int64_t row = 0; row < shape.rows(); ++row) {
          const int64_t in_row = tap / shape.filter + row * shape.stride;
          const int64_t at = (tap % shape.filter * shape.groups() + in_row / shape.taps) * shape.rows() + row;
          own[at * width * shape.taps + in_row % shape.taps] = params.weights[tap * out_c + channel];
        }
      }
    });
    __builtin_memset(packed + padding_offset(), params.input_zero_point, static_cast<size_t>(row_bytes));
  }
};

/// By two roundings in integers, where not every channel has steps: rare, so compiled once for all filters. `arrays`: of the block.
template <typename Lanes, int kVectors>
[[gnu::noinline]] void store_column_integers(const Int8Params& params, const std::byte* arrays, const typename Lanes::Int (*sums)[kVectors],
                                             int32_t rows, int8_t* to) {
  constexpr int64_t kWidth = kVectors * Lanes::kCount;
  const lanes::Requantizer<Lanes> requantizer(params, arrays, kWidth);
  const auto clamp = Lanes::byte_clamp(params.clamp.low, params.clamp.high);
  for (int32_t row = 0; row < rows; ++row) {
    typename Lanes::Int codes[kVectors];
    for (int vector = 0; vector < kVectors; ++vector) codes[vector] = requantizer.codes(sums[row][vector], vector * Lanes::kCount);
    lanes::store_codes<Lanes, kVectors>(codes, kWidth, clamp, to + int64_t{row} * params.window.out_w * params.window.out_c);
  }
}

}  // namespace liteqat::kernels::depthwise_conv2d
