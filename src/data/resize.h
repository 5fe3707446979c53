// Bilinear interpolation three ways. They differ, and exchanging them moves published accuracies by 0.3 to 0.45 points: a model is
// evaluated with the kernel it was trained with.
//   pillow      Pillow's Image.resize(BILINEAR), also torchvision's on PIL images: widened when it shrinks, in fixed point; byte for byte
//   opencv      cv2.resize(INTER_LINEAR) of 8-bit images: two taps an axis, 11-bit weights; byte for byte
//   tensorflow  tf.image.resize(method="bilinear"), half-pixel centres, no widening, in float32; rounded to the nearest pixel value
// Not here: other filters, TensorFlow 1's corner conventions. Functions are pure and may be called from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat::data {

enum class ResizeKernel { kPillow, kOpenCv, kTensorflow };

/// "pillow" | "opencv" | "tensorflow". Fails: kInvalidArgument naming the nearest.
Result<ResizeKernel> parse_resize_kernel(const std::string& name);
const char* resize_kernel_name(ResizeKernel kernel);

/// Pixels [height, width, channels] that lie elsewhere.
struct PixelView {
  std::span<const uint8_t> pixels;
  int32_t height = 0, width = 0, channels = 0;
};

/// A part of the image that a source is resized to: what is cropped away afterwards need not be computed.
struct Window {
  int32_t full_height = 0, full_width = 0;
  int32_t top = 0, left = 0, height = 0, width = 0;
};

/// Window's [height, width, source.channels] of the source resized to [full_height, full_width]. Requires: extents of at least 1, the
/// window inside.
std::vector<uint8_t> resize(const PixelView& source, const Window& window, ResizeKernel kernel);

}  // namespace liteqat::data
