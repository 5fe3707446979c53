// SHA-256 (FIPS 180-4) of what was read and written, by libnettle.
#pragma once

#include <nettle/sha2.h>

#include <cstddef>
#include <span>
#include <string>

namespace liteqat {

/// Of bytes that come in pieces. Nothing is allocated and nothing fails.
class Sha256 {
 public:
  Sha256();
  void update(std::span<const std::byte> bytes);
  void update(const std::string& text);
  /// Lower-case hexadecimal digest, 64 characters. The object must not be used afterwards.
  std::string finish();

 private:
  sha256_ctx state_;
};

std::string sha256(std::span<const std::byte> bytes);
std::string sha256(const std::string& text);

}  // namespace liteqat
