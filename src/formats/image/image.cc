#include "formats/image/image.h"

#include "formats/image/codecs.h"

namespace liteqat::formats::image {
namespace {

Status unknown_format(std::span<const std::byte> bytes, const std::string& path) {
  if (bytes.empty()) return error(Code::kCorruptFile, "{}: is empty, a PNG or JPEG image was expected", path);
  return error(Code::kUnsupported, "{}: is neither PNG nor JPEG by its first bytes", path);
}

}  // namespace

Status check_size(int64_t height, int64_t width, const std::string& path) {
  if (height > 0 && width > 0 && height <= kMaxPixels / width) return {};
  return error(Code::kOutOfRange, "{}: claims {} x {} pixels, images of 1 to {} pixels are read", path, width, height, kMaxPixels);
}

bool is_image(std::span<const std::byte> bytes) {
  return is_png(bytes) || is_jpeg(bytes);
}

Result<Header> read_header(std::span<const std::byte> bytes, const std::string& path) {
  if (is_png(bytes)) return read_png_header(bytes, path);
  if (is_jpeg(bytes)) return read_jpeg_header(bytes, path);
  return unknown_format(bytes, path);
}

Result<Image> decode(std::span<const std::byte> bytes, const std::string& path) {
  if (is_png(bytes)) return decode_png(bytes, path);
  if (is_jpeg(bytes)) return decode_jpeg(bytes, path);
  return unknown_format(bytes, path);
}

}  // namespace liteqat::formats::image
