#include "kernels/pool/pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/test_oracles.h"
#include "numeric/padding.h"

namespace liteqat::kernels::pool {
namespace {

using namespace kernels::testing;

Window random_window(Rng& rng) {
  const auto padding = rng.next_below(2) == 0 ? numeric::Padding::kSame : numeric::Padding::kValid;
  Window window;
  window.batch = random_between(rng, 1, 3);
  window.in_h = random_between(rng, 1, 11);
  window.in_w = random_between(rng, 1, 11);
  window.in_c = window.out_c = random_between(rng, 1, 9);
  window.filter_h = random_between(rng, 1, padding == numeric::Padding::kSame ? 5 : window.in_h);
  window.filter_w = random_between(rng, 1, padding == numeric::Padding::kSame ? 5 : window.in_w);
  window.stride_h = random_between(rng, 1, 4);
  window.stride_w = random_between(rng, 1, 4);
  window.out_h = numeric::window_output_extent(padding, window.in_h, window.filter_h, window.stride_h, 1);
  window.out_w = numeric::window_output_extent(padding, window.in_w, window.filter_w, window.stride_w, 1);
  window.pad_top = numeric::window_pad_before(padding, window.in_h, window.filter_h, window.stride_h, 1, window.out_h);
  window.pad_left = numeric::window_pad_before(padding, window.in_w, window.filter_w, window.stride_w, 1, window.out_w);
  return window;
}

/// The values under one window, in memory order.
template <typename T>
std::vector<T> values_under(const Window& w, const std::vector<T>& input, int64_t output_offset) {
  const int64_t channel = output_offset % w.out_c, out_x = output_offset / w.out_c % w.out_w;
  const int64_t out_y = output_offset / w.out_c / w.out_w % w.out_h, image = output_offset / w.out_c / w.out_w / w.out_h;
  std::vector<T> values;
  for (int64_t y = 0; y < w.in_h; ++y) {
    for (int64_t x = 0; x < w.in_w; ++x) {
      const int64_t top = out_y * w.stride_h - w.pad_top, left = out_x * w.stride_w - w.pad_left;
      const bool inside = y >= top && y < top + w.filter_h && x >= left && x < left + w.filter_w;
      if (inside) values.push_back(input[static_cast<size_t>(((image * w.in_h + y) * w.in_w + x) * w.in_c + channel)]);
    }
  }
  return values;
}

TEST(PoolInt8, EqualsSortingAndExactAverages) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    const Window window = random_window(rng);
    const auto input = random_codes(rng, static_cast<size_t>(window.batch * window.in_h * window.in_w * window.in_c));
    const size_t count = static_cast<size_t>(window.batch * window.out_h * window.out_w * window.out_c);
    const numeric::IntClamp limits = {random_between(rng, -128, 0), random_between(rng, 0, 127)};
    std::vector<int8_t> largest(count), average(count);
    max_pool_int8(window, limits, input.data(), largest.data());
    average_pool_int8(window, limits, input.data(), average.data());
    for (size_t offset = 0; offset < count; ++offset) {
      const std::vector<int8_t> values = values_under(window, input, static_cast<int64_t>(offset));
      ASSERT_EQ(largest[offset], clamp(*std::max_element(values.begin(), values.end()), limits.low, limits.high)) << "seed " << seed;
      double sum = 0;  // exact: few small integers; the quotient's rounding cannot reach a tie that is not exact
      for (int8_t value : values) sum += value;
      ASSERT_EQ(average[offset], clamp(std::llround(sum / static_cast<double>(values.size())), limits.low, limits.high)) << "seed " << seed;
    }
  }
}

TEST(PoolFloat32, EqualsPlainLoops) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    const Window window = random_window(rng);
    const auto input = random_floats(rng, static_cast<size_t>(window.batch * window.in_h * window.in_w * window.in_c));
    const size_t count = static_cast<size_t>(window.batch * window.out_h * window.out_w * window.out_c);
    const numeric::FloatClamp limits = numeric::float_clamp(static_cast<numeric::Activation>(rng.next_below(4)));
    std::vector<float> largest(count), average(count);
    max_pool_float32(window, limits, input.data(), largest.data());
    average_pool_float32(window, limits, input.data(), average.data());
    for (size_t offset = 0; offset < count; ++offset) {
      const std::vector<float> values = values_under(window, input, static_cast<int64_t>(offset));
      const float top = *std::max_element(values.begin(), values.end());
      float sum = 0;
      for (float value : values) sum += value;
      ASSERT_EQ(largest[offset], std::clamp(top, limits.low, limits.high)) << "seed " << seed;
      ASSERT_EQ(average[offset], std::clamp(sum / static_cast<float>(values.size()), limits.low, limits.high)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::pool
