// How an image of any size becomes one of the size a model takes: resized (resize.h), cropped, padded. Each way is a convention of some
// evaluation code, exact in its sizes and offsets. Functions are pure and may be called from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/resize.h"

namespace liteqat::data {

enum class Fit {
  kStretch,   // "stretch": the whole image, proportions given up
  kCrop,      // "crop": the shorter side to the size, the centre of the longer one
  kImagenet,  // "imagenet": the shorter side to size / 0.875 (256 for 224), then the centre: torchvision's and MLPerf's evaluation
  kCentral,   // "central": the middle 87.5 % of both sides, then stretched: the evaluation of TensorFlow's slim and TPU models
  kPad,       // "pad": the longer side to the size, the rest black: tf.image.resize_with_pad
};

/// Fails: kInvalidArgument naming the nearest.
Result<Fit> parse_fit(const std::string& name);
const char* fit_name(Fit fit);

/// [height, width, source.channels]. Requires: extents of at least 1.
std::vector<uint8_t> fit_image(const PixelView& source, int32_t height, int32_t width, ResizeKernel kernel, Fit fit);

/// To `channels` channels (1 or 3, as the source has them or the other): gray repeated, or ITU-R 601 luma in Pillow's fixed point; then,
/// if bgr, the first and last channel exchanged.
std::vector<uint8_t> convert_channels(std::vector<uint8_t> pixels, int32_t source_channels, int32_t channels, bool bgr);

}  // namespace liteqat::data
