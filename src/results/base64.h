// Base64 (RFC 4648 section 4, with padding): pixels inside JSON and HTML. Encoding cannot fail; decoding is strict.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace liteqat::results {

std::string encode_base64(std::span<const uint8_t> bytes);

/// Empty unless the text is exactly what encode_base64 writes: whole groups of four, padding only at the end, unused bits zero.
std::optional<std::vector<uint8_t>> decode_base64(std::string_view text);

}  // namespace liteqat::results
