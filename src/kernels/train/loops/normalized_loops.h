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

/// f(x) for a block of lanes.
template <int kLanes, UnitActivation kActivation>
[[gnu::always_inline]] inline Float<kLanes> activate(const Normalized& v, Float<kLanes> x) {
  using Vector = Float<kLanes>;
  const bool clamps = kActivation == UnitActivation::kClamp;
  const Vector low = broadcast<kLanes>(clamps ? v.low : 0.0f), high = broadcast<kLanes>(clamps ? v.high : 6.0f);
  const Vector moved = clamps ? x : x + 3.0f, above = moved > low ? moved : low, inside = above < high ? above : high;
  return clamps ? inside : x * inside / 6.0f;
}

/// g times the derivative of f at x.
template <UnitActivation kActivation>
[[gnu::always_inline]] inline float pass_activation(const Normalized& v, float x, float g) {
  if constexpr (kActivation == UnitActivation::kClamp) {
    const float above = x > v.low ? g : 0.0f;
    return x < v.high ? above : 0.0f;
  } else {
    const float inside = g * (2.0f * x + 3.0f) / 6.0f, above = x > -3.0f ? inside : 0.0f;
    return x < 3.0f ? above : g;
  }
}

template <int kLanes, UnitActivation kActivation>
void normalize_as(const Normalized& v, int64_t rows, int64_t channels, const float* z, float* y) {
  for (int64_t row = 0; row < rows; ++row, z += channels, y += channels) {
    prefetch_ahead(z, channels);
    for_each_lane_block<kLanes>(channels, [&]<int kBlock>(int64_t c) {
      const Float<kBlock> x = load<kBlock>(z + c) * load<kBlock>(v.scale + c) + load<kBlock>(v.shift + c);
      store<kBlock>(y + c, activate<kBlock, kActivation>(v, x));
    });
  }
}

template <int kLanes>
void normalize(const Normalized& view, int64_t rows, int64_t channels, const float* z, float* y) {
  const Normalized v = view;
  if (v.activation == UnitActivation::kClamp) {
    normalize_as<kLanes, UnitActivation::kClamp>(v, rows, channels, z, y);
  } else {
    normalize_as<kLanes, UnitActivation::kHardSwish>(v, rows, channels, z, y);
  }
}

template <int kLanes>
void normalized_gradient(const NormalizedGradient& line, int64_t rows, int64_t channels, const float* z, const float* g, float* dz) {
  const NormalizedGradient p = line;
  for (int64_t row = 0; row < rows; ++row, z += channels, g += channels, dz += channels) {
    prefetch_ahead(z, channels);
    prefetch_ahead(g, channels);
    for_each_lane_block<kLanes>(channels, [&]<int kBlock>(int64_t c) {
      const Float<kBlock> centered = load<kBlock>(z + c) - load<kBlock>(p.mean + c);
      store<kBlock>(dz + c, load<kBlock>(p.a + c) * load<kBlock>(g + c) + (load<kBlock>(p.b + c) * centered + load<kBlock>(p.d + c)));
    });
  }
}

/// Up to eight rows are added in float, blocks of them in double. kScale: what is stored is multiplied with the scale, the sums are not.
template <int kRows, bool kScale, UnitActivation kActivation>
[[gnu::always_inline]] inline void mask_and_reduce_rows(const Normalized& v, const float* mean, int64_t channels, const float* z, float* g,
                                                        double* __restrict sums, double* __restrict products) {
#pragma GCC ivdep
  for (int64_t c = 0; c < channels; ++c) {
    float sum = 0.0f, product = 0.0f;
    for (int row = 0; row < kRows; ++row) {
      const float value = z[row * channels + c], gradient = g[row * channels + c], y = value * v.scale[c] + v.shift[c];
      const float masked = pass_activation<kActivation>(v, y, gradient);
      g[row * channels + c] = kScale ? masked * v.scale[c] : masked;
      sum += masked;
      product += masked * (value - mean[c]);
    }
    sums[c] += static_cast<double>(sum);
    products[c] += static_cast<double>(product);
  }
}

template <bool kScale, UnitActivation kActivation>
void mask_and_reduce_as(const Normalized& v, const float* mean, int64_t rows, int64_t channels, const float* z, float* g, double* sums,
                        double* products) {
  constexpr int kRows = 8;
  int64_t row = 0;
  for (; row + kRows <= rows; row += kRows, z += kRows * channels, g += kRows * channels) {
    prefetch_ahead(z, kRows * channels);
    prefetch_ahead(g, kRows * channels);
    mask_and_reduce_rows<kRows, kScale, kActivation>(v, mean, channels, z, g, sums, products);
  }
  for (; row < rows; ++row, z += channels, g += channels)
    mask_and_reduce_rows<1, kScale, kActivation>(v, mean, channels, z, g, sums, products);
}

template <bool kScale>
void mask_and_reduce(const Normalized& view, const float* mean, int64_t rows, int64_t channels, const float* z, float* g, double* sums,
                     double* products) {
  const Normalized v = view;
  if (v.activation == UnitActivation::kClamp) {
    mask_and_reduce_as<kScale, UnitActivation::kClamp>(v, mean, rows, channels, z, g, sums, products);
  } else {
    mask_and_reduce_as<kScale, UnitActivation::kHardSwish>(v, mean, rows, channels, z, g, sums, products);
  }
}

}  // namespace
}  // namespace liteqat::kernels::train
