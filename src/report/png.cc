#include "report/png.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/checked.h"

namespace liteqat::report {
namespace {

using Buffer = std::vector<uint8_t>;

constexpr std::array<uint8_t, 8> kSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::array<uint8_t, 5> kColorType = {0, 0, 4, 2, 6};  // by channels; PNG 11.2.2
constexpr size_t kStoredBlockLimit = 65535;                     // RFC 1951 3.2.4: a 16-bit length
constexpr uint32_t kAdlerModulus = 65521;                       // RFC 1950 section 9
constexpr uint32_t kCrcPolynomial = 0xedb88320;                 // PNG annex D, reflected

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t n = 0; n < table.size(); ++n) {
    uint32_t value = n;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? kCrcPolynomial ^ (value >> 1) : value >> 1;
    table[n] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = make_crc_table();

uint32_t crc32(std::span<const uint8_t> bytes) {
  uint32_t value = 0xffffffff;
  for (const uint8_t byte : bytes) value = kCrcTable[(value ^ byte) & 0xff] ^ (value >> 8);
  return ~value;
}

uint32_t adler32(std::span<const uint8_t> bytes) {
  uint32_t a = 1, b = 0;
  for (const uint8_t byte : bytes) {
    a = (a + byte) % kAdlerModulus;
    b = (b + a) % kAdlerModulus;
  }
  return b << 16 | a;
}

void append_big_endian(Buffer& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(value >> shift));
}

void append_chunk(Buffer& out, std::string_view type, std::span<const uint8_t> payload) {
  append_big_endian(out, static_cast<uint32_t>(payload.size()));
  const size_t covered_from = out.size();  // the checksum covers type and payload
  out.insert(out.end(), type.begin(), type.end());
  out.insert(out.end(), payload.begin(), payload.end());
  append_big_endian(out, crc32(std::span(out).subspan(covered_from)));
}

/// RFC 1950 header (deflate, no dictionary, check bits make it a multiple of 31), RFC 1951 stored blocks, Adler-32.
Buffer wrap_zlib(std::span<const uint8_t> bytes) {
  Buffer out = {0x78, 0x01};
  for (size_t at = 0; at < bytes.size(); at += kStoredBlockLimit) {
    const size_t length = std::min(kStoredBlockLimit, bytes.size() - at);
    const auto length16 = static_cast<uint16_t>(length);
    const auto inverse = static_cast<uint16_t>(~length16);
    out.push_back(at + length == bytes.size() ? 1 : 0);
    for (const uint16_t value : {length16, inverse}) {
      out.push_back(static_cast<uint8_t>(value & 0xff));
      out.push_back(static_cast<uint8_t>(value >> 8));
    }
    out.insert(out.end(), bytes.begin() + static_cast<ptrdiff_t>(at), bytes.begin() + static_cast<ptrdiff_t>(at + length));
  }
  append_big_endian(out, adler32(bytes));
  return out;
}

}  // namespace

std::optional<std::vector<uint8_t>> encode_png(std::span<const uint8_t> pixels, int32_t height, int32_t width, int32_t channels) {
  const std::array<int64_t, 3> extents = {height, width, channels};
  const auto size = checked_product<int64_t>(extents);
  if (!size || *size <= 0 || channels > 4 || *size != static_cast<int64_t>(pixels.size())) return std::nullopt;

  Buffer header;
  append_big_endian(header, static_cast<uint32_t>(width));
  append_big_endian(header, static_cast<uint32_t>(height));
  header.insert(header.end(), {8, kColorType[static_cast<size_t>(channels)], 0, 0, 0});  // 8 bits, deflate, standard filters, no interlace

  Buffer rows;
  const size_t row_bytes = static_cast<size_t>(width) * static_cast<size_t>(channels);
  rows.reserve(pixels.size() + static_cast<size_t>(height));
  for (size_t at = 0; at < pixels.size(); at += row_bytes) {
    rows.push_back(0);  // filter type none
    const auto row = pixels.subspan(at, row_bytes);
    rows.insert(rows.end(), row.begin(), row.end());
  }

  Buffer out(kSignature.begin(), kSignature.end());
  append_chunk(out, "IHDR", header);
  append_chunk(out, "IDAT", wrap_zlib(rows));
  append_chunk(out, "IEND", {});
  return out;
}

}  // namespace liteqat::report
