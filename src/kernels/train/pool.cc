#include "kernels/train/pool.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/train/taps.h"
#include "kernels/train/vectors.h"

namespace liteqat::kernels::train {
namespace {

struct Window {
  Taps y, x;
};

Window window_at(const WindowShape& s, int32_t out_y, int32_t out_x) {
  return {inside_taps(out_y, s.stride_h, s.pad_h, s.filter_h, 1, s.height),
          inside_taps(out_x, s.stride_w, s.pad_w, s.filter_w, 1, s.width)};
}

/// Calls visit(output position, window, image) for every output position of every image.
template <typename Visit>
void for_each_window(const WindowShape& s, int32_t n, const Visit& visit) {
  int64_t position = 0;
  for (int32_t image = 0; image < n; ++image) {
    for (int32_t out_y = 0; out_y < s.out_height; ++out_y) {
      for (int32_t out_x = 0; out_x < s.out_width; ++out_x) visit(position++, window_at(s, out_y, out_x), image);
    }
  }
}

/// Element offset inside the image of tap (ky, kx), channel 0.
int64_t tap_offset(const WindowShape& s, const Window& w, int32_t ky, int32_t kx) {
  return (int64_t{w.y.origin + ky} * s.width + w.x.origin + kx) * s.channels;
}

float inverse_count(const Window& w) {
  return 1.0f / static_cast<float>((w.y.end - w.y.begin) * (w.x.end - w.x.begin));
}

int64_t image_elems(const WindowShape& s) {
  return int64_t{s.height} * s.width * s.channels;
}

constexpr int32_t kLanes = 4;
using Places [[gnu::vector_size(16)]] = int32_t;

/// Of kLanes channels, tap for tap in the order of the window. In vectors of our own: the compiler makes branches of these selections.
void take_largest(const WindowShape& s, const Window& w, const float* input, int32_t channel, float* y, int32_t* argmax) {
  Float<kLanes> best = broadcast<kLanes>(-std::numeric_limits<float>::infinity());
  Places where = {};
  for (int32_t ky = w.y.begin; ky < w.y.end; ++ky) {
    for (int32_t kx = w.x.begin; kx < w.x.end; ++kx) {
      const auto at = static_cast<int32_t>(tap_offset(s, w, ky, kx)) + channel;
      const Float<kLanes> value = load<kLanes>(input + at);
      const Places larger = value > best, own = Places{0, 1, 2, 3} + at;
      best = larger ? value : best;
      where = larger ? own : where;
    }
  }
  store<kLanes>(y + channel, best);
  std::memcpy(argmax + channel, &where, sizeof(where));
}

void take_largest_of_one(const WindowShape& s, const Window& w, const float* input, int32_t channel, float* y, int32_t* argmax) {
  y[channel] = -std::numeric_limits<float>::infinity();
  argmax[channel] = 0;
  for (int32_t ky = w.y.begin; ky < w.y.end; ++ky) {
    for (int32_t kx = w.x.begin; kx < w.x.end; ++kx) {
      const auto at = static_cast<int32_t>(tap_offset(s, w, ky, kx)) + channel;
      if (input[at] > y[channel]) y[channel] = input[at], argmax[channel] = at;
    }
  }
}

}  // namespace

void max_pool_forward(const WindowShape& s, int32_t n, const float* x, float* y, int32_t* argmax) {
  for_each_window(s, n, [&](int64_t position, const Window& w, int32_t image) {
    const float* input = x + image * image_elems(s);
    float* best = y + position * s.channels;
    int32_t* where = argmax + position * s.channels;
    int32_t c = 0;
    for (; c + kLanes <= s.channels; c += kLanes) take_largest(s, w, input, c, best, where);
    for (; c < s.channels; ++c) take_largest_of_one(s, w, input, c, best, where);
  });
}

void max_pool_backward(const WindowShape& s, int32_t n, const float* dy, const int32_t* argmax, float* dx) {
  std::fill_n(dx, n * image_elems(s), 0.0f);
  const int64_t image_outputs = int64_t{s.out_height} * s.out_width * s.channels;
  for (int32_t image = 0; image < n; ++image) {
    float* target = dx + image * image_elems(s);
    for (int64_t i = image * image_outputs; i < (image + 1) * image_outputs; ++i) target[argmax[i]] += dy[i];
  }
}

void average_pool_forward(const WindowShape& s, int32_t n, const float* x, float* y) {
  for_each_window(s, n, [&](int64_t position, const Window& w, int32_t image) {
    const float* input = x + image * image_elems(s);
    float* sum = y + position * s.channels;
    std::fill_n(sum, s.channels, 0.0f);
    for (int32_t ky = w.y.begin; ky < w.y.end; ++ky) {
      for (int32_t kx = w.x.begin; kx < w.x.end; ++kx) {
        const float* tap = input + tap_offset(s, w, ky, kx);
        for (int32_t c = 0; c < s.channels; ++c) sum[c] += tap[c];
      }
    }
    const float inverse = inverse_count(w);
    for (int32_t c = 0; c < s.channels; ++c) sum[c] *= inverse;
  });
}

void average_pool_backward(const WindowShape& s, int32_t n, const float* dy, float* dx) {
  std::fill_n(dx, n * image_elems(s), 0.0f);
  for_each_window(s, n, [&](int64_t position, const Window& w, int32_t image) {
    float* target = dx + image * image_elems(s);
    const float* gradient = dy + position * s.channels;
    const float inverse = inverse_count(w);
    for (int32_t ky = w.y.begin; ky < w.y.end; ++ky) {
      for (int32_t kx = w.x.begin; kx < w.x.end; ++kx) {
        float* tap = target + tap_offset(s, w, ky, kx);
        for (int32_t c = 0; c < s.channels; ++c) tap[c] += gradient[c] * inverse;
      }
    }
  });
}

}  // namespace liteqat::kernels::train
