// Depthwise convolution in training: NHWC float32, weights [KH, KW, C * multiplier], n images of a chunk. Selected once by instruction set;
// sums run over taps in row order, so that results depend on the instruction set only.
#pragma once

#include "base/cpu.h"
#include "kernels/train/window.h"

namespace liteqat::kernels::train {

struct DepthwiseShape {
  WindowShape window;
  int32_t multiplier = 1;  // output channel = input channel * multiplier + m
};

struct DepthwiseKernels {
  const char* name;  // "depthwise_train_f32_3x3x16_avx512": tile of taps, channels of a vector
  /// y [n, OH, OW, C * M] is written whole; bias may be null.
  void (*forward)(const DepthwiseShape& shape, int32_t n, const float* x, const float* weights, const float* bias, float* y);
  /// dx [n, H, W, C] is written whole.
  void (*backward_data)(const DepthwiseShape& shape, int32_t n, const float* dy, const float* weights, float* dx);
  /// dweights and, if not null, dbias are written whole: the chunk's partial gradient.
  void (*backward_weights)(const DepthwiseShape& shape, int32_t n, const float* x, const float* dy, float* dweights, float* dbias);
};

const DepthwiseKernels& find_depthwise_kernels(Isa isa);

}  // namespace liteqat::kernels::train
