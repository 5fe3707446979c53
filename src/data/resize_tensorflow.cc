// value = top + (bottom - top) * y, each of them left + (right - left) * x, in float32; the place of a target pixel is
// (target + 0.5) * scale - 0.5 with scale = float(in) / float(out).
#include <algorithm>
#include <cmath>

#include "data/resize_kernels.h"

namespace liteqat::data {
namespace {

struct Blend {
  size_t low = 0, high = 0;
  float part = 0;
};

/// Of target pixels [begin, begin + count).
std::vector<Blend> make_blends(int32_t in, int32_t out, int32_t begin, int32_t count) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  std::vector<Blend> blends;
  for (int32_t target = begin; target < begin + count; ++target) {
    const float place = (static_cast<float>(target) + 0.5f) * scale - 0.5f, low = std::floor(place);
    blends.push_back({static_cast<size_t>(std::max(static_cast<int32_t>(low), 0)),
                      static_cast<size_t>(std::min(static_cast<int32_t>(std::ceil(place)), in - 1)), place - low});
  }
  return blends;
}

}  // namespace

std::vector<uint8_t> resize_tensorflow(const PixelView& source, const Window& window) {
  const auto channels = static_cast<size_t>(source.channels), stride = static_cast<size_t>(source.width) * channels;
  const std::vector<Blend> columns = make_blends(source.width, window.full_width, window.left, window.width);
  const std::vector<Blend> rows = make_blends(source.height, window.full_height, window.top, window.height);
  std::vector<uint8_t> out;
  out.reserve(rows.size() * columns.size() * channels);
  for (const Blend& row : rows) {
    const uint8_t *low = source.pixels.data() + row.low * stride, *high = source.pixels.data() + row.high * stride;
    for (const Blend& column : columns) {
      const size_t left = column.low * channels, right = column.high * channels;
      for (size_t c = 0; c < channels; ++c) {
        const float top = low[left + c] + static_cast<float>(low[right + c] - low[left + c]) * column.part;
        const float bottom = high[left + c] + static_cast<float>(high[right + c] - high[left + c]) * column.part;
        out.push_back(static_cast<uint8_t>(std::nearbyint(top + (bottom - top) * row.part)));
      }
    }
  }
  return out;
}

}  // namespace liteqat::data
