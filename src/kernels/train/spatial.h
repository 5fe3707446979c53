// Mean over the spatial axes and zero padding in training: NHWC float32, n images.
#pragma once

#include <cstdint>

namespace liteqat::kernels::train {

/// y [n, C] = mean over `positions` = H * W of x [n, H * W, C].
void spatial_mean_forward(int32_t n, int64_t positions, int64_t channels, const float* x, float* y);
/// dx is written whole.
void spatial_mean_backward(int32_t n, int64_t positions, int64_t channels, const float* dy, float* dx);

struct PadShape {
  int32_t height = 0, width = 0, channels = 0;  // of the input
  int32_t top = 0, bottom = 0, left = 0, right = 0;
};
void pad_forward(const PadShape& shape, int32_t n, const float* x, float* y);
/// dx [n, H, W, C] is written whole.
void pad_backward(const PadShape& shape, int32_t n, const float* dy, float* dx);

}  // namespace liteqat::kernels::train
