// One decoder a format, behind image.h. Private to formats/image.
#pragma once

#include "formats/image/image.h"

namespace liteqat::formats::image {

bool is_png(std::span<const std::byte> bytes);
Result<Header> read_png_header(std::span<const std::byte> bytes, const std::string& path);
Result<Image> decode_png(std::span<const std::byte> bytes, const std::string& path);

bool is_jpeg(std::span<const std::byte> bytes);
Result<Header> read_jpeg_header(std::span<const std::byte> bytes, const std::string& path);
Result<Image> decode_jpeg(std::span<const std::byte> bytes, const std::string& path);

/// Fails: kOutOfRange.
Status check_size(int64_t height, int64_t width, const std::string& path);

}  // namespace liteqat::formats::image
