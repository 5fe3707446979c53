#include "kernels/train/spatial.h"

#include <gtest/gtest.h>

#include "kernels/train/window_for_test.h"

namespace liteqat::kernels::train {
namespace {

using Values = std::vector<float>;

TEST(SpatialMean, ForwardAndBackward) {
  for (int64_t channels : {1, 7, 33}) {
    for (int64_t positions : {1, 6, 49}) {
      constexpr int32_t kImages = 2;
      const size_t plane = size_t(positions * channels);
      const Values x = random_values(1, kImages * plane), dy = random_values(2, size_t(kImages * channels));
      Values y(dy.size(), 55.0f), dx(x.size(), 55.0f);
      spatial_mean_forward(kImages, positions, channels, x.data(), y.data());
      spatial_mean_backward(kImages, positions, channels, dy.data(), dx.data());
      ExactSums expected_y(y.size()), expected_dx(x.size());
      for (size_t i = 0; i < x.size(); ++i) {
        const size_t to = i / plane * size_t(channels) + i % size_t(channels);
        for (double part : {0.5, 0.25, 0.25}) {  // a term is rounded three times: 1 / positions, the product, the sum
          expected_y.add(to, x[i], part / double(positions));
          expected_dx.add(i, dy[to], part / double(positions));
        }
      }
      EXPECT_EQ(expected_y.difference(y), "");
      EXPECT_EQ(expected_dx.difference(dx), "");
    }
  }
}

TEST(Pad, ForwardAndBackward) {
  for (const PadShape& s :
       {PadShape{3, 4, 2, 1, 0, 2, 3}, PadShape{1, 1, 5, 0, 1, 0, 1}, PadShape{2, 3, 1, 0, 0, 0, 0}, PadShape{4, 2, 3, 2, 2, 0, 0}}) {
    constexpr int32_t kImages = 2;
    const int32_t height = s.height + s.top + s.bottom, width = s.width + s.left + s.right;
    const Values x = random_values(1, size_t(kImages * s.height * s.width * s.channels));
    const Values dy = random_values(2, size_t(kImages * height * width * s.channels));
    Values y(dy.size(), 55.0f), dx(x.size(), 55.0f);
    pad_forward(s, kImages, x.data(), y.data());
    pad_backward(s, kImages, dy.data(), dx.data());
    size_t i = 0;
    for (int32_t image = 0; image < kImages; ++image) {
      for (int32_t row = -s.top; row < s.height + s.bottom; ++row) {
        for (int32_t column = -s.left; column < s.width + s.right; ++column) {
          for (int32_t c = 0; c < s.channels; ++c, ++i) {
            const bool inside = row >= 0 && row < s.height && column >= 0 && column < s.width;
            const auto from = size_t(((image * s.height + row) * s.width + column) * s.channels + c);
            EXPECT_EQ(y[i], inside ? x[from] : 0.0f);
            if (inside) {
              EXPECT_EQ(dx[from], dy[i]);
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::train
