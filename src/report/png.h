// A minimal PNG encoder (ISO/IEC 15948): 8 bits a channel, no filter, zlib "stored" blocks, so it needs no compression library and its
// bytes depend on the pixels alone. Meant for thumbnails of a few kilobytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace liteqat::report {

/// pixels: [height, width, channels] with 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) channels.
/// Empty if an extent is not positive, channels is none of these, or the number of bytes is not their product.
std::optional<std::vector<uint8_t>> encode_png(std::span<const uint8_t> pixels, int32_t height, int32_t width, int32_t channels);

}  // namespace liteqat::report
