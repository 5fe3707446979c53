// A triangle as wide as the scale when it shrinks, two pixels wide when it grows; weights in double, normalized, then rounded to 22 bits.
// Rows first, the result rounded to bytes, then columns.
#include <algorithm>
#include <cmath>

#include "data/resize_kernels.h"

namespace liteqat::data {
namespace {

constexpr int kBits = 22;  // 32, less 8 of a pixel, less 2 of head room
constexpr int32_t kHalf = 1 << (kBits - 1);

/// Which source pixels make which target pixel.
struct Taps {
  size_t width = 0;  // room for one target pixel's weights
  std::vector<int32_t> first, count, weights;
};

/// Of target pixels [begin, begin + count).
Taps make_taps(int32_t in, int32_t out, int32_t begin, int32_t count) {
  const double scale = static_cast<double>(in) / out, support = std::max(scale, 1.0);
  Taps taps;
  taps.width = static_cast<size_t>(std::ceil(support)) * 2 + 1;
  taps.weights.resize(taps.width * static_cast<size_t>(count));
  std::vector<double> real(taps.width);
  for (int32_t target = begin; target < begin + count; ++target) {
    const double center = (target + 0.5) * scale, inverse = 1.0 / support;
    const auto first = std::max(static_cast<int32_t>(center - support + 0.5), 0);
    const auto last = std::min(static_cast<int32_t>(center + support + 0.5), in);
    double sum = 0;
    for (int32_t source = first; source < last; ++source) {
      const double distance = std::abs((source - center + 0.5) * inverse);
      sum += real[static_cast<size_t>(source - first)] = distance < 1.0 ? 1.0 - distance : 0.0;
    }
    int32_t* weights = taps.weights.data() + taps.width * static_cast<size_t>(target - begin);
    for (int32_t k = 0; k < last - first; ++k) {
      const double weight = sum != 0 ? real[static_cast<size_t>(k)] / sum : real[static_cast<size_t>(k)];
      weights[k] = static_cast<int32_t>(0.5 + weight * (1 << kBits));
    }
    taps.first.push_back(first);
    taps.count.push_back(last - first);
  }
  return taps;
}

uint8_t to_byte(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kBits, 0, 255));
}

template <int kChannels>
void filter_row(const uint8_t* source, const Taps& taps, uint8_t* out) {
  for (size_t target = 0; target < taps.first.size(); ++target) {
    const int32_t* weights = taps.weights.data() + target * taps.width;
    const uint8_t* pixel = source + static_cast<size_t>(taps.first[target]) * kChannels;
    int32_t sums[kChannels];
    for (int32_t& sum : sums) sum = kHalf;
    for (int32_t k = 0; k < taps.count[target]; ++k) {
      for (int c = 0; c < kChannels; ++c) sums[c] += pixel[k * kChannels + c] * weights[k];
    }
    for (int c = 0; c < kChannels; ++c) out[target * kChannels + static_cast<size_t>(c)] = to_byte(sums[c]);
  }
}

}  // namespace

std::vector<uint8_t> resize_pillow(const PixelView& source, const Window& window) {
  const auto channels = static_cast<size_t>(source.channels), stride = static_cast<size_t>(window.width) * channels;
  const Taps columns = make_taps(source.width, window.full_width, window.left, window.width);
  const Taps rows = make_taps(source.height, window.full_height, window.top, window.height);
  // Only the source rows that the window's rows are made of.
  const bool same_height = source.height == window.full_height;
  const int32_t begin = same_height ? window.top : rows.first.front();
  const int32_t end = same_height ? window.top + window.height : rows.first.back() + rows.count.back();
  const auto height = static_cast<size_t>(end - begin);
  const PixelView used = {source.pixels.subspan(static_cast<size_t>(begin) * static_cast<size_t>(source.width) * channels), end - begin,
                          source.width, source.channels};
  std::vector<uint8_t> narrowed;
  if (source.width == window.full_width) {
    narrowed = crop(used, {used.height, used.width, 0, window.left, used.height, window.width});
  } else {
    narrowed.resize(height * stride);
    for (size_t row = 0; row < height; ++row) {
      const uint8_t* from = used.pixels.data() + row * static_cast<size_t>(source.width) * channels;
      uint8_t* to = narrowed.data() + row * stride;
      channels == 1 ? filter_row<1>(from, columns, to) : filter_row<3>(from, columns, to);
    }
  }
  if (same_height) return narrowed;
  std::vector<uint8_t> out(static_cast<size_t>(window.height) * stride);
  std::vector<int32_t> sums(stride);
  for (size_t target = 0; target < static_cast<size_t>(window.height); ++target) {
    std::fill(sums.begin(), sums.end(), kHalf);
    for (size_t k = 0; k < static_cast<size_t>(rows.count[target]); ++k) {
      const int32_t weight = rows.weights[target * rows.width + k];
      const uint8_t* row = narrowed.data() + (static_cast<size_t>(rows.first[target] - begin) + k) * stride;
      for (size_t i = 0; i < stride; ++i) sums[i] += row[i] * weight;
    }
    for (size_t i = 0; i < stride; ++i) out[target * stride + i] = to_byte(sums[i]);
  }
  return out;
}

}  // namespace liteqat::data
