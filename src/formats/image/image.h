// PNG and JPEG files to pixels, from memory. The only place that sees libpng and libjpeg.
// Pixels are those that Pillow and TensorFlow give: the stored values as 8-bit gray or RGB. Alpha is dropped, not blended; of 16 bits the
// upper 8 are kept; colour profiles, gamma and EXIF orientation are not applied; CMYK becomes RGB as Pillow's convert("RGB") does.
// Functions are pure and may be called from any thread. Sizes are checked before anything is allocated for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat::formats::image {

/// More pixels than any data set's images have; two bytes a sample and coefficient of a progressive JPEG stay below a gigabyte.
constexpr int64_t kMaxPixels = int64_t{1} << 26;

struct Header {
  std::string format;  // "PNG" | "JPEG"
  int32_t height = 0, width = 0;
  int32_t channels = 0;  // of decoded pixels: 1 gray, 3 RGB
};

struct Image {
  int32_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels;  // [height, width, channels]
};

/// True if the bytes begin like a PNG or JPEG file.
bool is_image(std::span<const std::byte> bytes);

/// Fails: kUnsupported for another kind of file, kCorruptFile for a broken one, kOutOfRange above kMaxPixels; all name the path.
Result<Header> read_header(std::span<const std::byte> bytes, const std::string& path_for_messages);

/// Fails: as read_header. Damage that libjpeg would paint over in gray (missing or wrong data) is kCorruptFile too.
Result<Image> decode(std::span<const std::byte> bytes, const std::string& path_for_messages);

}  // namespace liteqat::formats::image
