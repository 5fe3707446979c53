#include "kernels/train/spatial.h"

#include <algorithm>

namespace liteqat::kernels::train {

void spatial_mean_forward(int32_t n, int64_t positions, int64_t channels, const float* x, float* y) {
  const float inverse = 1.0f / static_cast<float>(positions);
  for (int32_t image = 0; image < n; ++image) {
    float* sum = y + image * channels;
    std::fill_n(sum, channels, 0.0f);
    for (int64_t position = 0; position < positions; ++position) {
      const float* row = x + (image * positions + position) * channels;
      for (int64_t c = 0; c < channels; ++c) sum[c] += row[c];
    }
    for (int64_t c = 0; c < channels; ++c) sum[c] *= inverse;
  }
}

void spatial_mean_backward(int32_t n, int64_t positions, int64_t channels, const float* dy, float* dx) {
  const float inverse = 1.0f / static_cast<float>(positions);
  for (int32_t image = 0; image < n; ++image) {
    const float* gradient = dy + image * channels;
    for (int64_t position = 0; position < positions; ++position) {
      float* row = dx + (image * positions + position) * channels;
      for (int64_t c = 0; c < channels; ++c) row[c] = gradient[c] * inverse;
    }
  }
}

namespace {

/// Calls copy(offset of a row in the padded image, offset of the same row in the image) for all rows of n images, in elements.
template <typename Copy>
void for_each_row(const PadShape& s, int32_t n, const Copy& copy) {
  const int64_t padded_width = int64_t{s.left} + s.width + s.right;
  const int64_t padded_height = int64_t{s.top} + s.height + s.bottom;
  for (int32_t image = 0; image < n; ++image) {
    for (int32_t row = 0; row < s.height; ++row) {
      copy(((image * padded_height + s.top + row) * padded_width + s.left) * s.channels,
           (int64_t{image} * s.height + row) * s.width * s.channels);
    }
  }
}

int64_t row_elems(const PadShape& s) {
  return int64_t{s.width} * s.channels;
}

}  // namespace

void pad_forward(const PadShape& s, int32_t n, const float* x, float* y) {
  const int64_t padded = (int64_t{s.top} + s.height + s.bottom) * (int64_t{s.left} + s.width + s.right) * s.channels;
  std::fill_n(y, n * padded, 0.0f);
  for_each_row(s, n, [&](int64_t to, int64_t from) { std::copy_n(x + from, row_elems(s), y + to); });
}

void pad_backward(const PadShape& s, int32_t n, const float* dy, float* dx) {
  for_each_row(s, n, [&](int64_t from, int64_t to) { std::copy_n(dy + from, row_elems(s), dx + to); });
}

}  // namespace liteqat::kernels::train
