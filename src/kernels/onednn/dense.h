// Fully connected layers for training: a dense layer is a 1x1 convolution over one position, so this only names the shapes.
#pragma once

#include "kernels/onednn/convolution.h"

namespace liteqat::kernels::onednn {

/// x [n, inputs], weights [outputs, inputs], y [n, outputs].
inline ConvolutionShape dense_shape(int32_t inputs, int32_t outputs) {
  return {.window = {.height = 1, .width = 1, .channels = inputs, .out_height = 1, .out_width = 1}, .out_channels = outputs};
}

}  // namespace liteqat::kernels::onednn
