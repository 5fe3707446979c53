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

/// Rows [begin, end) of one image to compute; the source they are computed from holds that image's rows from source_first on.
struct Strip {
  int32_t begin = 0, end = 0;
  int32_t source_first = 0;
};

/// Rows [begin, end).
struct Rows {
  int32_t begin = 0, end = 0;
};
/// The input rows that some of these output rows read, without padding; begin may be end.
Rows input_rows_of(const WindowShape& window, const Rows& outputs);
/// The output rows that read some of these input rows.
Rows output_rows_of(const WindowShape& window, const Rows& inputs);

struct DepthwiseKernels {
  const char* name;  // "depthwise_train_f32_3x3x16_avx512": tile of taps, channels of a vector
  /// y [n, OH, OW, C * M] is written whole; bias may be null.
  void (*forward)(const DepthwiseShape& shape, int32_t n, const float* x, const float* weights, const float* bias, float* y);
  /// dx [n, H, W, C] is written whole.
  void (*backward_data)(const DepthwiseShape& shape, int32_t n, const float* dy, const float* weights, float* dx);
  /// dweights and, if not null, dbias are written whole: the chunk's partial gradient.
  void (*backward_weights)(const DepthwiseShape& shape, int32_t n, const float* x, const float* dy, float* dweights, float* dbias);

  // Parts of an image, multiplier 1 only: the same bytes as above.
  /// y: the strip's output rows; x holds input_rows_of() them.
  void (*forward_rows)(const DepthwiseShape& shape, const Strip& strip, const float* x, const float* weights, const float* bias, float* y);
  /// dx: the strip's input rows; dy holds output_rows_of() them.
  void (*backward_data_rows)(const DepthwiseShape& shape, const Strip& strip, const float* dy, const float* weights, float* dx);
  /// Adds what the strip's output rows contribute; dy: these rows, x holds input_rows_of() them.
  void (*add_weights_of_rows)(const DepthwiseShape& shape, const Strip& strip, const float* x, const float* dy, float* dweights);
};

const DepthwiseKernels& find_depthwise_kernels(Isa isa);

}  // namespace liteqat::kernels::train
