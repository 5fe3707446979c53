// What the tests of windowed operators share: shapes, random values, and the definition of a window written as plain loops, independent
// of the kernels' own tap arithmetic.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/format.h"
#include "base/rng.h"
#include "kernels/train/window.h"

namespace liteqat::kernels::train {

enum class TestPadding { kSame, kValid };

struct WindowCase {
  int32_t height, width, channels, filter_h, filter_w, stride_h, stride_w, dilation_h, dilation_w;
  TestPadding padding;
};

/// Output extent and zeros before, as TensorFlow defines SAME (ceil(input / stride), the odd zero after) and VALID.
inline void set_axis(const WindowCase& c, int32_t input, int32_t filter, int32_t stride, int32_t dilation, int32_t* output,
                     int32_t* before) {
  const int32_t reach = (filter - 1) * dilation + 1;
  const bool same = c.padding == TestPadding::kSame;
  *output = ((same ? input : input - reach + 1) + stride - 1) / stride;
  *before = same ? std::max(0, (*output - 1) * stride + reach - input) / 2 : 0;
}

inline WindowShape make_window(const WindowCase& c) {
  WindowShape w = {.height = c.height, .width = c.width, .channels = c.channels};
  w.filter_h = c.filter_h;
  w.filter_w = c.filter_w;
  w.stride_h = c.stride_h;
  w.stride_w = c.stride_w;
  w.dilation_h = c.dilation_h;
  w.dilation_w = c.dilation_w;
  set_axis(c, c.height, c.filter_h, c.stride_h, c.dilation_h, &w.out_height, &w.pad_h);
  set_axis(c, c.width, c.filter_w, c.stride_w, c.dilation_w, &w.out_width, &w.pad_w);
  return w;
}

/// Odd and even extents, windows larger than the image, asymmetric padding, gaps between windows, dilation.
inline std::vector<WindowCase> window_cases(const std::vector<int32_t>& channels) {
  constexpr TestPadding kSame = TestPadding::kSame, kValid = TestPadding::kValid;
  std::vector<WindowCase> cases;
  for (int32_t c : channels) {
    for (const WindowCase& shape : {WindowCase{5, 7, c, 3, 3, 1, 1, 1, 1, kSame}, WindowCase{8, 6, c, 3, 3, 2, 2, 1, 1, kSame},
                                    WindowCase{7, 9, c, 3, 3, 2, 2, 1, 1, kValid}, WindowCase{6, 5, c, 1, 1, 1, 1, 1, 1, kValid},
                                    WindowCase{6, 7, c, 1, 1, 2, 2, 1, 1, kSame}, WindowCase{2, 2, c, 5, 5, 1, 1, 1, 1, kSame},
                                    WindowCase{9, 8, c, 2, 5, 1, 3, 1, 1, kSame}, WindowCase{9, 10, c, 3, 2, 1, 1, 2, 3, kSame},
                                    WindowCase{11, 9, c, 3, 3, 1, 1, 2, 1, kValid}, WindowCase{1, 1, c, 3, 3, 1, 1, 1, 1, kSame},
                                    WindowCase{8, 8, c, 2, 2, 2, 2, 1, 1, kValid}, WindowCase{7, 7, c, 2, 2, 3, 3, 1, 1, kValid},
                                    WindowCase{9, 11, c, 3, 3, 2, 2, 2, 2, kSame}, WindowCase{14, 13, c, 4, 3, 4, 2, 2, 3, kValid}}) {
      cases.push_back(shape);
    }
  }
  return cases;
}

inline std::string describe(const WindowShape& w) {
  return format("{}x{}x{} -> {}x{}, filter {}x{}, stride {}x{}, dilation {}x{}, pad {}x{}", w.height, w.width, w.channels, w.out_height,
                w.out_width, w.filter_h, w.filter_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w, w.pad_h, w.pad_w);
}

/// Calls visit(output position, input position, tap) for all taps inside the image, of n images; positions count pixels over all images.
template <typename Visit>
void for_each_tap(const WindowShape& w, int32_t n, const Visit& visit) {
  for (int32_t out = 0; out < n * w.out_height * w.out_width; ++out) {
    const int32_t image = out / (w.out_height * w.out_width);
    const int32_t oy = out / w.out_width % w.out_height, ox = out % w.out_width;
    for (int32_t tap = 0; tap < w.filter_h * w.filter_w; ++tap) {
      const int32_t iy = oy * w.stride_h + tap / w.filter_w * w.dilation_h - w.pad_h;
      const int32_t ix = ox * w.stride_w + tap % w.filter_w * w.dilation_w - w.pad_w;
      if (iy >= 0 && iy < w.height && ix >= 0 && ix < w.width) {
        visit(size_t(out), size_t((image * w.height + iy) * w.width + ix), size_t(tap));
      }
    }
  }
}

inline size_t in_pixels(const WindowShape& w, int32_t n) {
  return size_t(n) * size_t(w.height) * size_t(w.width);
}
inline size_t out_pixels(const WindowShape& w, int32_t n) {
  return size_t(n) * size_t(w.out_height) * size_t(w.out_width);
}

inline std::vector<float> random_values(uint64_t seed, size_t count) {
  Rng rng(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(rng.next_normal());
  return values;
}

/// Exact sums of products with the error that float32 may make: a sum of k products in any order, with or without fused multiply-add, is
/// within gamma_k * sum |a||b|, gamma_k = k u / (1 - k u), u = 2^-24 (Higham, Accuracy and Stability, section 3.1).
class ExactSums {
 public:
  explicit ExactSums(size_t count) : sum_(count), magnitude_(count), terms_(count) {}

  void add(size_t i, double a, double b) {
    sum_[i] += a * b;
    magnitude_[i] += std::abs(a * b);
    terms_[i] += 1;
  }
  double value(size_t i) const { return sum_[i]; }
  double bound(size_t i) const {
    const double ku = terms_[i] * 0x1p-24;
    return ku / (1 - ku) * magnitude_[i];
  }
  /// Empty, or where and by how much the worst element misses.
  std::string difference(const std::vector<float>& found) const {
    if (found.size() != sum_.size()) return format("{} elements, expected {}", found.size(), sum_.size());
    for (size_t i = 0; i < found.size(); ++i) {
      if (!(std::abs(static_cast<double>(found[i]) - sum_[i]) <= bound(i))) {
        return format("element {}: {}, expected {} +- {}", i, found[i], sum_[i], bound(i));
      }
    }
    return {};
  }

 private:
  std::vector<double> sum_, magnitude_, terms_;
};

}  // namespace liteqat::kernels::train
