// SHA-256 (FIPS 180-4) for provenance and CRC-32C (RFC 3720, Castagnoli) for TensorBoard records. Streaming, no allocation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace liteqat {

class Sha256 {
 public:
  Sha256();
  void update(std::span<const std::byte> bytes);
  void update(const std::string& text);
  /// Lower-case hexadecimal digest, 64 characters. The object must not be used afterwards.
  std::string finish();

 private:
  void compress(const std::byte* block);
  std::array<uint32_t, 8> state_;
  std::array<std::byte, 64> block_{};
  size_t filled_ = 0;
  uint64_t total_bytes_ = 0;
};

std::string sha256(std::span<const std::byte> bytes);
std::string sha256(const std::string& text);

uint32_t crc32c(std::span<const std::byte> bytes);

}  // namespace liteqat
