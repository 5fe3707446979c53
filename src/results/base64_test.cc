#include "results/base64.h"

#include <gtest/gtest.h>

namespace liteqat::results {
namespace {

std::vector<uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

// RFC 4648 section 10.
TEST(Base64, PublishedVectors) {
  const std::vector<std::pair<std::string, std::string>> kVectors = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : kVectors) {
    EXPECT_EQ(encode_base64(bytes_of(plain)), encoded);
    const auto decoded = decode_base64(encoded);
    ASSERT_TRUE(decoded.has_value()) << encoded;
    EXPECT_EQ(*decoded, bytes_of(plain));
  }
}

TEST(Base64, EveryByteAndLengthComesBack) {
  for (size_t length = 0; length < 600; ++length) {
    std::vector<uint8_t> bytes(length);
    for (size_t i = 0; i < length; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + length);
    const auto decoded = decode_base64(encode_base64(bytes));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, bytes);
  }
}

TEST(Base64, RefusesWhatEncodingNeverWrites) {
  for (const char* text : {"Z", "Zg", "Zg=", "=", "====", "Z===", "Zg==Zg==", "Zm9v\n", "Zm-_", "Zh==", "Zm9=", "Zg=g", "Zm9v Zg=="}) {
    EXPECT_FALSE(decode_base64(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace liteqat::results
