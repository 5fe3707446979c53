#include "kernels/train/pool.h"

#include <gtest/gtest.h>

#include "kernels/train/window_for_test.h"

namespace liteqat::kernels::train {
namespace {

using Values = std::vector<float>;
constexpr int32_t kImages = 3;

std::vector<WindowShape> pool_shapes() {
  std::vector<WindowShape> shapes;
  for (const WindowCase& c : window_cases({1, 5, 16})) {
    if (c.dilation_h == 1 && c.dilation_w == 1) shapes.push_back(make_window(c));
  }
  return shapes;
}

TEST(MaxPool, ForwardAndBackward) {
  for (const WindowShape& w : pool_shapes()) {
    SCOPED_TRACE(describe(w));
    const auto channels = size_t(w.channels);
    Values x = random_values(1, in_pixels(w, kImages) * channels);
    for (float& value : x) value = std::round(value * 2);  // many ties: the first maximum counts
    const Values dy = random_values(2, out_pixels(w, kImages) * channels);
    Values y(dy.size(), 55.0f), dx(x.size(), 55.0f);
    std::vector<int32_t> argmax(dy.size(), -1);
    max_pool_forward(w, kImages, x.data(), y.data(), argmax.data());
    max_pool_backward(w, kImages, dy.data(), argmax.data(), dx.data());

    std::vector<size_t> winner(dy.size(), SIZE_MAX);
    for_each_tap(w, kImages, [&](size_t to, size_t from, size_t) {
      for (size_t c = 0; c < channels; ++c) {
        size_t& best = winner[to * channels + c];
        if (best == SIZE_MAX || x[from * channels + c] > x[best]) best = from * channels + c;
      }
    });
    ExactSums expected(x.size());
    for (size_t i = 0; i < y.size(); ++i) {
      EXPECT_EQ(y[i], x[winner[i]]);
      expected.add(winner[i], dy[i], 1);
    }
    EXPECT_EQ(expected.difference(dx), "");
  }
}

TEST(MaxPool, AllMinusInfinity) {
  const WindowShape w = make_window({2, 2, 1, 2, 2, 2, 2, 1, 1, TestPadding::kValid});
  const Values x(4, -std::numeric_limits<float>::infinity());
  float y = 0;
  int32_t argmax = -1;
  max_pool_forward(w, 1, x.data(), &y, &argmax);
  EXPECT_EQ(y, x[0]);
  EXPECT_EQ(argmax, 0);
}

TEST(AveragePool, ForwardAndBackward) {
  for (const WindowShape& w : pool_shapes()) {
    SCOPED_TRACE(describe(w));
    const auto channels = size_t(w.channels);
    const Values x = random_values(1, in_pixels(w, kImages) * channels), dy = random_values(2, out_pixels(w, kImages) * channels);
    Values y(dy.size(), 55.0f), dx(x.size(), 55.0f);
    average_pool_forward(w, kImages, x.data(), y.data());
    average_pool_backward(w, kImages, dy.data(), dx.data());

    std::vector<double> taps(out_pixels(w, kImages));
    for_each_tap(w, kImages, [&](size_t to, size_t, size_t) { taps[to] += 1; });
    // One more factor per term than a plain sum: 1 / taps, rounded, and its product: two more units, covered by counting each term thrice.
    ExactSums expected_y(y.size()), expected_dx(x.size());
    for_each_tap(w, kImages, [&](size_t to, size_t from, size_t) {
      for (size_t c = 0; c < channels; ++c) {
        for (double part : {0.5, 0.25, 0.25}) {
          expected_y.add(to * channels + c, x[from * channels + c], part / taps[to]);
          expected_dx.add(from * channels + c, dy[to * channels + c], part / taps[to]);
        }
      }
    });
    EXPECT_EQ(expected_y.difference(y), "");
    EXPECT_EQ(expected_dx.difference(dx), "");
  }
}

}  // namespace
}  // namespace liteqat::kernels::train
