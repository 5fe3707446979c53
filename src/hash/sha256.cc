#include "hash/sha256.h"

#include <array>

#include "base/format.h"

namespace liteqat {

Sha256::Sha256() {
  sha256_init(&state_);
}

void Sha256::update(std::span<const std::byte> bytes) {
  sha256_update(&state_, bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
}

void Sha256::update(const std::string& text) {
  update(std::as_bytes(std::span(text)));
}

std::string Sha256::finish() {
  std::array<uint8_t, SHA256_DIGEST_SIZE> digest;
  sha256_digest(&state_, digest.size(), digest.data());
  std::string text;
  for (uint8_t byte : digest) text += format("{:02x}", byte);
  return text;
}

std::string sha256(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string sha256(const std::string& text) {
  return sha256(std::as_bytes(std::span(text)));
}

}  // namespace liteqat
