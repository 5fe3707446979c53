// Activations and sums in training: float32, any layout, forward and backward. Single-threaded, no allocation; callers split the work.
#pragma once

#include <cstdint>

namespace liteqat::kernels::train {

/// y = max(x, 0); may run in place.
void relu_forward(const float* x, float* y, int64_t elems);
/// y = min(max(x, 0), 6); may run in place.
void relu6_forward(const float* x, float* y, int64_t elems);
/// dx = y > 0 ? dy : 0, from the output y as TensorFlow's ReluGrad; dx may be dy.
void relu_backward(const float* y, const float* dy, float* dx, int64_t elems);
/// dx = 0 < y < 6 ? dy : 0, as TensorFlow's Relu6Grad; dx may be dy.
void relu6_backward(const float* y, const float* dy, float* dx, int64_t elems);

/// y = a + b.
void add_forward(const float* a, const float* b, float* y, int64_t elems);
/// sum += x.
void accumulate(const float* x, float* sum, int64_t elems);

}  // namespace liteqat::kernels::train
