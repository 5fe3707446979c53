// The shape of a windowed operator on NHWC images, one chunk at a time. pad is what precedes the first row and column; windows may reach
// past the image at both ends, taps outside are skipped.
#pragma once

#include <cstdint>

namespace liteqat::kernels::train {

struct WindowShape {
  int32_t height = 0, width = 0, channels = 0;  // of the input
  int32_t out_height = 0, out_width = 0;
  int32_t filter_h = 1, filter_w = 1;
  int32_t stride_h = 1, stride_w = 1;
  int32_t dilation_h = 1, dilation_w = 1;
  int32_t pad_h = 0, pad_w = 0;
};

}  // namespace liteqat::kernels::train
