#include "kernels/train/elementwise.h"

namespace liteqat::kernels::train {

void relu_forward(const float* x, float* y, int64_t elems) {
  for (int64_t i = 0; i < elems; ++i) y[i] = x[i] > 0.0f ? x[i] : 0.0f;
}

void relu6_forward(const float* x, float* y, int64_t elems) {
  for (int64_t i = 0; i < elems; ++i) {
    const float low = x[i] > 0.0f ? x[i] : 0.0f;
    y[i] = low < 6.0f ? low : 6.0f;
  }
}

void relu_backward(const float* y, const float* dy, float* dx, int64_t elems) {
  for (int64_t i = 0; i < elems; ++i) dx[i] = y[i] > 0.0f ? dy[i] : 0.0f;
}

void relu6_backward(const float* y, const float* dy, float* dx, int64_t elems) {
  for (int64_t i = 0; i < elems; ++i) {
    const float above = y[i] > 0.0f ? dy[i] : 0.0f;
    dx[i] = y[i] < 6.0f ? above : 0.0f;
  }
}

void add_forward(const float* a, const float* b, float* y, int64_t elems) {
  for (int64_t i = 0; i < elems; ++i) y[i] = a[i] + b[i];
}

void accumulate(const float* x, float* sum, int64_t elems) {
  for (int64_t i = 0; i < elems; ++i) sum[i] += x[i];
}

}  // namespace liteqat::kernels::train
