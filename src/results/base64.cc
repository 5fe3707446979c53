#include "results/base64.h"

#include <array>

namespace liteqat::results {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNotInAlphabet = 255;

constexpr std::array<uint8_t, 256> make_inverse() {
  std::array<uint8_t, 256> inverse{};
  for (uint8_t& entry : inverse) entry = kNotInAlphabet;
  for (size_t i = 0; i < kAlphabet.size(); ++i) inverse[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  return inverse;
}
constexpr std::array<uint8_t, 256> kInverse = make_inverse();

}  // namespace

std::string encode_base64(std::span<const uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    uint32_t group = static_cast<uint32_t>(bytes[i]) << 16;
    if (count > 1) group |= static_cast<uint32_t>(bytes[i + 1]) << 8;
    if (count > 2) group |= bytes[i + 2];
    for (size_t k = 0; k < 4; ++k) text += k <= count ? kAlphabet[(group >> (18 - 6 * k)) & 63] : '=';
  }
  return text;
}

std::optional<std::vector<uint8_t>> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  std::vector<uint8_t> bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (size_t i = 0; i < text.size(); i += 4) {
    const size_t pad = i + 4 == text.size() ? padding : 0;
    uint32_t group = 0;
    for (size_t k = 0; k < 4; ++k) {
      const uint8_t digit = k < 4 - pad ? kInverse[static_cast<uint8_t>(text[i + k])] : uint8_t{0};
      if (digit == kNotInAlphabet) return std::nullopt;
      group = group << 6 | digit;
    }
    if ((group & ((1u << (8 * pad)) - 1)) != 0) return std::nullopt;
    for (size_t k = 0; k < 3 - pad; ++k) bytes.push_back(static_cast<uint8_t>(group >> (16 - 8 * k)));
  }
  return bytes;
}

}  // namespace liteqat::results
