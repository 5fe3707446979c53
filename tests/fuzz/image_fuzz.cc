// Fuzz target: any bytes as an image file, PNG or JPEG by what they begin with.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "formats/image/image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace image = liteqat::formats::image;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto header = image::read_header(bytes, "fuzz");
  if (!header.ok()) return 0;
  if (int64_t{header->height} * header->width > (1 << 20)) return 0;  // large ones cost time and no code
  const auto decoded = image::decode(bytes, "fuzz");
  if (!decoded.ok()) return 0;
  const bool fits = decoded->height == header->height && decoded->width == header->width && decoded->channels == header->channels &&
                    decoded->pixels.size() == static_cast<size_t>(int64_t{header->height} * header->width * header->channels);
  if (!fits) std::abort();
  return 0;
}
