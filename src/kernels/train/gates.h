// Hard swish, sigmoid and products in training: NHWC float32, forward and backward. Single-threaded, no allocation; callers split the work.
#pragma once

#include <cstdint>

namespace liteqat::kernels::train {

/// y = x * min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, "Searching for MobileNetV3", in TFLite's order of operations).
void hard_swish_forward(const float* x, float* y, int64_t elems);
/// dx = 0 for x <= -3, dy for x >= 3, dy * (2 x + 3) / 6 between; dx may be dy.
void hard_swish_backward(const float* x, const float* dy, float* dx, int64_t elems);

/// y = 1 / (1 + exp(-x)), without overflow for any x.
void sigmoid_forward(const float* x, float* y, int64_t elems);
/// dx = dy * y * (1 - y), from the output y; dx may be dy.
void sigmoid_backward(const float* y, const float* dy, float* dx, int64_t elems);

/// Elements from one index of the product to the next in an operand; 0 along an axis of extent 1, which is stretched.
struct OperandStrides {
  int64_t image = 0, row = 0, column = 0, channel = 0;
};
struct ProductShape {
  int32_t height = 1, width = 1, channels = 1;  // of the product
  OperandStrides a, b;
};
/// y [n, H, W, C] = a * b.
void multiply_forward(const ProductShape& shape, int32_t n, const float* a, const float* b, float* y);
/// da = the sums of dy * b over what a was stretched along, rows first, in order. da is written whole; it may not be dy.
void multiply_backward(const ProductShape& shape, int32_t n, const float* dy, const float* b, float* da);

}  // namespace liteqat::kernels::train
