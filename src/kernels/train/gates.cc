#include "kernels/train/gates.h"

#include <algorithm>
#include <cmath>

namespace liteqat::kernels::train {

void hard_swish_forward(const float* x, float* y, int64_t elems) {
#pragma GCC ivdep
  for (int64_t i = 0; i < elems; ++i) {
    const float value = x[i], above = value + 3.0f > 0.0f ? value + 3.0f : 0.0f;
    y[i] = value * (above < 6.0f ? above : 6.0f) / 6.0f;
  }
}

void hard_swish_backward(const float* x, const float* dy, float* dx, int64_t elems) {
#pragma GCC ivdep
  for (int64_t i = 0; i < elems; ++i) {
    const float value = x[i], gradient = dy[i];
    const float inside = gradient * (2.0f * value + 3.0f) / 6.0f;
    const float above = value > -3.0f ? inside : 0.0f;
    dx[i] = value < 3.0f ? above : gradient;
  }
}

void sigmoid_forward(const float* x, float* y, int64_t elems) {
  for (int64_t i = 0; i < elems; ++i) {
    const float power = std::exp(-std::abs(x[i]));
    y[i] = (x[i] < 0.0f ? power : 1.0f) / (1.0f + power);
  }
}

void sigmoid_backward(const float* y, const float* dy, float* dx, int64_t elems) {
#pragma GCC ivdep
  for (int64_t i = 0; i < elems; ++i) dx[i] = dy[i] * (y[i] * (1.0f - y[i]));
}

namespace {

/// Calls row(a, b, y) with the operands' and the product's elements at the start of every row of channels.
template <typename Row>
void for_each_row(const ProductShape& s, int32_t n, const Row& row) {
  int64_t product = 0;
  for (int32_t image = 0; image < n; ++image) {
    for (int32_t y = 0; y < s.height; ++y) {
      for (int32_t x = 0; x < s.width; ++x, product += s.channels) {
        row(image * s.a.image + y * s.a.row + x * s.a.column, image * s.b.image + y * s.b.row + x * s.b.column, product);
      }
    }
  }
}

bool is_stretched(const ProductShape& s) {
  const auto stretched = [](int32_t extent, int64_t stride) { return extent > 1 && stride == 0; };
  return stretched(s.height, s.a.row) || stretched(s.width, s.a.column) || stretched(s.channels, s.a.channel);
}

int64_t image_elems(const ProductShape& s, const OperandStrides& operand) {
  return (operand.row == 0 ? 1 : int64_t{s.height}) * (operand.column == 0 ? 1 : int64_t{s.width}) *
         (operand.channel == 0 ? 1 : int64_t{s.channels});
}

}  // namespace

void multiply_forward(const ProductShape& s, int32_t n, const float* a, const float* b, float* y) {
  const int32_t channels = s.channels;
  for_each_row(s, n, [&](int64_t a_at, int64_t b_at, int64_t at) {
    const float *p = a + a_at, *q = b + b_at;
    float* to = y + at;
    if (s.a.channel == 1 && s.b.channel == 1) {
      for (int32_t c = 0; c < channels; ++c) to[c] = p[c] * q[c];
    } else {
      for (int32_t c = 0; c < channels; ++c) to[c] = p[c * s.a.channel] * q[c * s.b.channel];
    }
  });
}

void multiply_backward(const ProductShape& s, int32_t n, const float* dy, const float* b, float* da) {
  const int32_t channels = s.channels;
  const bool sums = is_stretched(s);
  if (sums) std::fill_n(da, n * image_elems(s, s.a), 0.0f);
  for_each_row(s, n, [&](int64_t a_at, int64_t b_at, int64_t at) {
    const float *gradient = dy + at, *q = b + b_at;
    float* to = da + a_at;
    if (s.a.channel == 1 && s.b.channel == 1 && sums) {
      for (int32_t c = 0; c < channels; ++c) to[c] += gradient[c] * q[c];
    } else if (s.a.channel == 1 && s.b.channel == 1) {
      for (int32_t c = 0; c < channels; ++c) to[c] = gradient[c] * q[c];
    } else if (sums) {
      for (int32_t c = 0; c < channels; ++c) to[c * s.a.channel] += gradient[c] * q[c * s.b.channel];
    } else {
      for (int32_t c = 0; c < channels; ++c) to[c * s.a.channel] = gradient[c] * q[c * s.b.channel];
    }
  });
}

}  // namespace liteqat::kernels::train
