// The loops over normalized tensors that are not stored (kernels/train/normalized.h). Internal linkage; included by generic.h only.
#pragma once

#include "kernels/train/loops/loops.h"
#include "kernels/train/vectors.h"

namespace liteqat::kernels::train {
namespace {

/// Asks for `elems` elements kAhead further on. The loops over normalized tensors do more for an element than a core looks ahead over, and
/// the hardware's own prefetch leaves them at half of what memory delivers. Past the end it asks for nothing that hurts.
[[gnu::always_inline]] inline void prefetch_ahead(const float* at, int64_t elems) {
  constexpr int64_t kAhead = 2048, kLine = 16;
  for (int64_t i = 0; i < elems; i += kLine) __builtin_prefetch(at + kAhead + i);
}

/// Calls visit.template operator()<lanes>(channel) for blocks of kLanes channels, then of 4, then for single ones.
template <int kLanes, typename Visit>
[[gnu::always_inline]] inline void for_each_lane_block(int64_t channels, const Visit& visit) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) visit.template operator()<kLanes>(c);
  if constexpr (kLanes > 8) {
    for (; c + 8 <= channels; c += 8) visit.template operator()<8>(c);
  }
  if constexpr (kLanes > 4) {
    for (; c + 4 <= channels; c += 4) visit.template operator()<4>(c);
  }
  for (; c < channels; ++c) visit.template operator()<1>(c);
}

template <int kLanes>
[[gnu::always_inline]] inline Float<kLanes> broadcast(float value) {
  return Float<kLanes>{} + value;
}

/// Coefficients of a block of channels from c on.
template <int kLanes>
struct NormalizedBlock {
  using Vector = Float<kLanes>;
  Vector scale, shift, low, high;

  [[gnu::always_inline]] NormalizedBlock(const Normalized& v, int64_t c)
      : scale(load<kLanes>(v.scale + c)),
        shift(load<kLanes>(v.shift + c)),
        low(broadcast<kLanes>(v.low)),
        high(broadcast<kLanes>(v.high)) {}

  [[gnu::always_inline]] Vector value(Vector z) const {
    const Vector y = z * scale + shift, above = y > low ? y : low;
    return above < high ? above : high;
  }
  /// The gradient behind the activation: g where the value lies strictly between its ends.
  [[gnu::always_inline]] Vector inside(Vector z, Vector g) const {
    const Vector y = z * scale + shift, zero = {}, above = y > low ? g : zero;
    return y < high ? above : zero;
  }
};

template <int kLanes>
void normalize(const Normalized& view, int64_t rows, int64_t channels, const float* z, float* y) {
  const Normalized v = view;
  for (int64_t row = 0; row < rows; ++row, z += channels, y += channels) {
    prefetch_ahead(z, channels);
    for_each_lane_block<kLanes>(
        channels, [&]<int kBlock>(int64_t c) { store<kBlock>(y + c, NormalizedBlock<kBlock>(v, c).value(load<kBlock>(z + c))); });
  }
}

template <int kLanes>
void normalized_gradient(const NormalizedGradient& line, int64_t rows, int64_t channels, const float* z, const float* g, float* dz) {
  const NormalizedGradient p = line;
  for (int64_t row = 0; row < rows; ++row, z += channels, g += channels, dz += channels) {
    prefetch_ahead(z, channels);
    prefetch_ahead(g, channels);
    for_each_lane_block<kLanes>(channels, [&]<int kBlock>(int64_t c) {
      const Float<kBlock> value = load<kBlock>(z + c), inside = NormalizedBlock<kBlock>(p.view, c).inside(value, load<kBlock>(g + c));
      store<kBlock>(dz + c,
                    load<kBlock>(p.a + c) * inside + (load<kBlock>(p.b + c) * (value - load<kBlock>(p.mean + c)) + load<kBlock>(p.d + c)));
    });
  }
}

/// Up to eight rows are added in float, blocks of them in double. kScale: what is stored is multiplied with the scale, the sums are not.
template <int kRows, bool kScale>
[[gnu::always_inline]] inline void mask_and_reduce_rows(const Normalized& v, const float* mean, int64_t channels, const float* z, float* g,
                                                        double* __restrict sums, double* __restrict products) {
#pragma GCC ivdep
  for (int64_t c = 0; c < channels; ++c) {
    float sum = 0.0f, product = 0.0f;
    for (int row = 0; row < kRows; ++row) {
      const float value = z[row * channels + c], gradient = g[row * channels + c], y = value * v.scale[c] + v.shift[c];
      const float above = y > v.low ? gradient : 0.0f, masked = y < v.high ? above : 0.0f;
      g[row * channels + c] = kScale ? masked * v.scale[c] : masked;
      sum += masked;
      product += masked * (value - mean[c]);
    }
    sums[c] += static_cast<double>(sum);
    products[c] += static_cast<double>(product);
  }
}

template <bool kScale>
void mask_and_reduce(const Normalized& view, const float* mean, int64_t rows, int64_t channels, const float* z, float* g, double* sums,
                     double* products) {
  constexpr int kRows = 8;
  const Normalized v = view;
  int64_t row = 0;
  for (; row + kRows <= rows; row += kRows, z += kRows * channels, g += kRows * channels) {
    prefetch_ahead(z, kRows * channels);
    prefetch_ahead(g, kRows * channels);
    mask_and_reduce_rows<kRows, kScale>(v, mean, channels, z, g, sums, products);
  }
  for (; row < rows; ++row, z += channels, g += channels) mask_and_reduce_rows<1, kScale>(v, mean, channels, z, g, sums, products);
}

}  // namespace
}  // namespace liteqat::kernels::train
