// PNG files made chunk by chunk and JPEG files made by libjpeg, for this module's tests. Included by *_test.cc only.
#pragma once

#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>
#include <png.h>

#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"

namespace liteqat::formats::image {

/// 8-bit gray (channels 1) or RGB (3).
inline Bytes make_png(int32_t height, int32_t width, int32_t channels, const std::vector<uint8_t>& pixels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.height = static_cast<png_uint_32>(height), image.width = static_cast<png_uint_32>(width);
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr);
  Bytes bytes(size);
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr) == 0) std::abort();
  bytes.resize(size);
  return bytes;
}

/// Quality 95, no chroma subsampling.
inline Bytes make_jpeg(int32_t height, int32_t width, int32_t channels, const std::vector<uint8_t>& pixels) {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* stored = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &stored, &size);
  jpeg.image_height = static_cast<JDIMENSION>(height), jpeg.image_width = static_cast<JDIMENSION>(width);
  jpeg.input_components = channels;
  jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 95, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    auto* row = const_cast<unsigned char*>(pixels.data() + jpeg.next_scanline * static_cast<size_t>(width * channels));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  const auto view = std::as_bytes(std::span(stored, size));
  Bytes bytes(view.begin(), view.end());
  std::free(stored);
  return bytes;
}

/// A slope of colours, which JPEG keeps closely.
inline std::vector<uint8_t> slope(int32_t height, int32_t width, int32_t channels) {
  std::vector<uint8_t> pixels;
  for (int32_t y = 0; y < height; ++y) {
    for (int32_t x = 0; x < width; ++x) {
      for (int32_t c = 0; c < channels; ++c) pixels.push_back(static_cast<uint8_t>(40 + 3 * y + 2 * x + 30 * c));
    }
  }
  return pixels;
}

}  // namespace liteqat::formats::image
