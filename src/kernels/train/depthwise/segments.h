// The inner loops of the depthwise training kernels. A segment is a run of positions along one image row that see the same taps of the
// window: kRows x kColumns weights of a block of channels stay in registers while the run passes. Internal linkage; see vectors.h.
#pragma once

#include "kernels/train/vectors.h"

namespace liteqat::kernels::train {
namespace {

/// Strides in elements. The source of position p and tap (r, k) is source + p * source_step + r * source_row + k * source_column; its
/// weight is weights + r * weight_row + k * weight_column.
struct Segment {
  int64_t positions, channels;
  const float* source;
  int64_t source_step, source_row, source_column;
  int64_t weight_row, weight_column;
};

/// to[p] = start + sum over taps, in row order, of source * weight; start is bias, or what to[p] holds where `adds` is set.
template <int kLanes, int kRows, int kColumns>
inline void correlate_block(const Segment& s, int64_t channel, const float* weights, const float* bias, bool adds, float* to,
                            int64_t to_step) {
  using Vector = Float<kLanes>;
  Vector weight[kRows][kColumns];
  for (int r = 0; r < kRows; ++r) {
    for (int k = 0; k < kColumns; ++k) weight[r][k] = load<kLanes>(weights + channel + r * s.weight_row + k * s.weight_column);
  }
  Vector start = {};
  if (bias != nullptr) start = load<kLanes>(bias + channel);
  const float* from = s.source + channel;
  to += channel;
  for (int64_t p = 0; p < s.positions; ++p, from += s.source_step, to += to_step) {
    Vector sum = adds ? load<kLanes>(to) : start;
    for (int r = 0; r < kRows; ++r) {
      for (int k = 0; k < kColumns; ++k) sum += load<kLanes>(from + r * s.source_row + k * s.source_column) * weight[r][k];
    }
    store<kLanes>(to, sum);
  }
}

/// sums (laid out as weights) += over positions in order, source * gradient[p].
template <int kLanes, int kRows, int kColumns>
inline void accumulate_block(const Segment& s, int64_t channel, const float* gradient, int64_t gradient_step, float* sums) {
  using Vector = Float<kLanes>;
  Vector sum[kRows][kColumns];
  for (int r = 0; r < kRows; ++r) {
    for (int k = 0; k < kColumns; ++k) sum[r][k] = load<kLanes>(sums + channel + r * s.weight_row + k * s.weight_column);
  }
  const float* from = s.source + channel;
  gradient += channel;
  for (int64_t p = 0; p < s.positions; ++p, from += s.source_step, gradient += gradient_step) {
    const Vector g = load<kLanes>(gradient);
    for (int r = 0; r < kRows; ++r) {
      for (int k = 0; k < kColumns; ++k) sum[r][k] += load<kLanes>(from + r * s.source_row + k * s.source_column) * g;
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int k = 0; k < kColumns; ++k) store<kLanes>(sums + channel + r * s.weight_row + k * s.weight_column, sum[r][k]);
  }
}

/// Blocks of kLanes channels, then of 4, then single ones: visit.template operator()<lanes>(channel).
template <int kLanes, typename Visit>
[[gnu::always_inline]] inline void for_each_block(int64_t channels, const Visit& visit) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) visit.template operator()<kLanes>(c);
  if constexpr (kLanes > 4) {
    for (; c + 4 <= channels; c += 4) visit.template operator()<4>(c);
  }
  for (; c < channels; ++c) visit.template operator()<1>(c);
}

/// Calls visit.template operator()<rows, columns>() with constants. Requires: both in [1, 3].
template <typename Visit>
[[gnu::always_inline]] inline void with_tap_counts(int32_t rows, int32_t columns, const Visit& visit) {
  switch (rows * 4 + columns) {
    case 1 * 4 + 1:
      return visit.template operator()<1, 1>();
    case 1 * 4 + 2:
      return visit.template operator()<1, 2>();
    case 1 * 4 + 3:
      return visit.template operator()<1, 3>();
    case 2 * 4 + 1:
      return visit.template operator()<2, 1>();
    case 2 * 4 + 2:
      return visit.template operator()<2, 2>();
    case 2 * 4 + 3:
      return visit.template operator()<2, 3>();
    case 3 * 4 + 1:
      return visit.template operator()<3, 1>();
    case 3 * 4 + 2:
      return visit.template operator()<3, 2>();
    case 3 * 4 + 3:
      return visit.template operator()<3, 3>();
    default:
      return;
  }
}

/// Calls visit(tile, first tap row, first tap column, rows, columns) for tiles of at most 3 x 3 taps, in row order; tile is the segment as
/// that part of the window sees it.
template <typename Visit>
[[gnu::always_inline]] inline void for_each_tile(const Segment& s, int32_t rows, int32_t columns, const Visit& visit) {
  for (int32_t row = 0; row < rows; row += 3) {
    for (int32_t column = 0; column < columns; column += 3) {
      Segment tile = s;
      tile.source += row * s.source_row + column * s.source_column;
      visit(tile, row, column, rows - row < 3 ? rows - row : 3, columns - column < 3 ? columns - column : 3);
    }
  }
}

/// to[p] = bias (or 0) + sum over rows x columns taps of source * weight, for all channels.
template <int kLanes>
inline void correlate(const Segment& s, int32_t rows, int32_t columns, const float* weights, const float* bias, float* to,
                      int64_t to_step) {
  if (rows <= 0 || columns <= 0) {
    for (int64_t p = 0; p < s.positions; ++p) {
      for (int64_t c = 0; c < s.channels; ++c) to[p * to_step + c] = bias == nullptr ? 0.0f : bias[c];
    }
    return;
  }
  for_each_tile(s, rows, columns, [&](const Segment& tile, int32_t row, int32_t column, int32_t tile_rows, int32_t tile_columns) {
    const float* tile_weights = weights + row * s.weight_row + column * s.weight_column;
    with_tap_counts(tile_rows, tile_columns, [&]<int kRows, int kColumns>() {
      for_each_block<kLanes>(s.channels, [&]<int kBlock>(int64_t c) {
        correlate_block<kBlock, kRows, kColumns>(tile, c, tile_weights, bias, row + column > 0, to, to_step);
      });
    });
  });
}

/// sums[tap] += over positions, source * gradient[p], for all channels and rows x columns taps.
template <int kLanes>
inline void accumulate(const Segment& s, int32_t rows, int32_t columns, const float* gradient, int64_t gradient_step, float* sums) {
  for_each_tile(s, rows, columns, [&](const Segment& tile, int32_t row, int32_t column, int32_t tile_rows, int32_t tile_columns) {
    float* tile_sums = sums + row * s.weight_row + column * s.weight_column;
    with_tap_counts(tile_rows, tile_columns, [&]<int kRows, int kColumns>() {
      for_each_block<kLanes>(s.channels, [&]<int kBlock>(int64_t c) {
        accumulate_block<kBlock, kRows, kColumns>(tile, c, gradient, gradient_step, tile_sums);
      });
    });
  });
}

}  // namespace
}  // namespace liteqat::kernels::train
