// Two taps an axis with weights of 11 bits. Rows are kept at full precision; the sum of two rows drops 4 bits before and 16 after each
// product and rounds the last 2. Halving both sides exactly is the mean of four pixels: OpenCV takes its area filter there.
#include <algorithm>
#include <cmath>

#include "data/resize_kernels.h"

namespace liteqat::data {
namespace {

constexpr int32_t kOne = 1 << 11;

/// The two source pixels of a target pixel and their weights.
struct Pair {
  int32_t low = 0, high = 0;
  int32_t low_weight = kOne, high_weight = 0;
};

std::vector<Pair> make_pairs(int32_t in, int32_t out, bool clamp_weights) {
  const double scale = 1.0 / (static_cast<double>(out) / in);
  std::vector<Pair> pairs;
  for (int32_t target = 0; target < out; ++target) {
    auto place = static_cast<float>((target + 0.5) * scale - 0.5);
    auto low = static_cast<int32_t>(std::floor(place));
    float part = place - static_cast<float>(low);
    if (clamp_weights && low < 0) part = 0, low = 0;
    if (clamp_weights && low >= in - 1) part = 0, low = in - 1;
    const auto weight = [](float value) { return static_cast<int32_t>(std::nearbyint(value * kOne)); };
    pairs.push_back({std::clamp(low, 0, in - 1), std::clamp(low + 1, 0, in - 1), weight(1.0f - part), weight(part)});
  }
  return pairs;
}

void filter_row(const uint8_t* source, std::span<const Pair> columns, size_t channels, int32_t* out) {
  for (const Pair& pair : columns) {
    const uint8_t* low = source + static_cast<size_t>(pair.low) * channels;
    const uint8_t* high = source + static_cast<size_t>(pair.high) * channels;
    for (size_t c = 0; c < channels; ++c) *out++ = low[c] * pair.low_weight + high[c] * pair.high_weight;
  }
}

std::vector<uint8_t> halve(const PixelView& source, const Window& window) {
  const auto channels = static_cast<size_t>(source.channels), stride = static_cast<size_t>(source.width) * channels;
  std::vector<uint8_t> out;
  out.reserve(static_cast<size_t>(window.height) * static_cast<size_t>(window.width) * channels);
  const auto top = static_cast<size_t>(window.top), left = static_cast<size_t>(window.left);
  for (size_t y = top; y < top + static_cast<size_t>(window.height); ++y) {
    for (size_t x = left; x < left + static_cast<size_t>(window.width); ++x) {
      const uint8_t* pixel = source.pixels.data() + 2 * y * stride + 2 * x * channels;
      for (size_t c = 0; c < channels; ++c) {
        out.push_back(static_cast<uint8_t>((pixel[c] + pixel[c + channels] + pixel[c + stride] + pixel[c + stride + channels] + 2) >> 2));
      }
    }
  }
  return out;
}

}  // namespace

std::vector<uint8_t> resize_opencv(const PixelView& source, const Window& window) {
  if (source.height == 2 * window.full_height && source.width == 2 * window.full_width) return halve(source, window);
  const auto channels = static_cast<size_t>(source.channels), stride = static_cast<size_t>(window.width) * channels;
  const size_t source_stride = static_cast<size_t>(source.width) * channels;
  const std::vector<Pair> columns = make_pairs(source.width, window.full_width, true);
  const std::vector<Pair> rows = make_pairs(source.height, window.full_height, false);
  const auto used = std::span(columns).subspan(static_cast<size_t>(window.left), static_cast<size_t>(window.width));
  std::vector<uint8_t> out(static_cast<size_t>(window.height) * stride);
  std::vector<int32_t> kept[2] = {std::vector<int32_t>(stride), std::vector<int32_t>(stride)};  // by parity of the source row
  int32_t held[2] = {-1, -1};
  const auto fetch = [&](int32_t row) {
    const size_t slot = static_cast<size_t>(row) & 1;
    if (held[slot] != row) filter_row(source.pixels.data() + static_cast<size_t>(row) * source_stride, used, channels, kept[slot].data());
    held[slot] = row;
    return kept[slot].data();
  };
  for (size_t y = 0; y < static_cast<size_t>(window.height); ++y) {
    const Pair& pair = rows[y + static_cast<size_t>(window.top)];
    const int32_t *low = fetch(pair.low), *high = fetch(pair.high);
    for (size_t i = 0; i < stride; ++i) {
      const int32_t sum = ((pair.low_weight * (low[i] >> 4)) >> 16) + ((pair.high_weight * (high[i] >> 4)) >> 16);
      out[y * stride + i] = static_cast<uint8_t>((sum + 2) >> 2);
    }
  }
  return out;
}

}  // namespace liteqat::data
