// Pooling in training: NHWC float32, n images. Dilation is not used.
#pragma once

#include "kernels/train/window.h"

namespace liteqat::kernels::train {

/// y [n, OH, OW, C]; argmax gets, per output, the index of the first maximum inside its image's [H, W, C].
void max_pool_forward(const WindowShape& shape, int32_t n, const float* x, float* y, int32_t* argmax);
/// dx [n, H, W, C] is written whole.
void max_pool_backward(const WindowShape& shape, int32_t n, const float* dy, const int32_t* argmax, float* dx);

/// Mean over the taps inside the image: padding is not counted, as in TFLite and Keras.
void average_pool_forward(const WindowShape& shape, int32_t n, const float* x, float* y);
/// dx is written whole.
void average_pool_backward(const WindowShape& shape, int32_t n, const float* dy, float* dx);

}  // namespace liteqat::kernels::train
