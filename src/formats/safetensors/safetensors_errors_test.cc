#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "formats/safetensors/safetensors.h"

namespace liteqat::formats::safetensors {
namespace {

using graph::DType;
using testing::HasSubstr;

Bytes small_file() {
  File file;
  file.metadata["format"] = "pt";
  file.arrays["a"] = {DType::kInt16, {2}, Bytes(4, std::byte{1})};
  file.arrays["b"] = {DType::kInt8, {3}, Bytes(3, std::byte{2})};
  return write(file);
}

Status refusal(const std::string& header, size_t data_bytes = 8) {
  std::string text;
  for (size_t i = 0; i < 8; ++i) text += static_cast<char>(header.size() >> (8 * i));
  text += header + std::string(data_bytes, 'x');
  Bytes bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return read(bytes, "bad.safetensors").status();
}

TEST(SafetensorsErrors, EveryTruncationIsRefused) {
  const Bytes bytes = small_file();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const auto file = read(part, "cut.safetensors");
    ASSERT_FALSE(file.ok()) << size;
    EXPECT_EQ(file.status().code(), Code::kCorruptFile) << size;
    EXPECT_THAT(file.status().message(), HasSubstr("cut.safetensors")) << size;
  }
}

TEST(SafetensorsErrors, EverySingleByteChangeIsRefusedOrConsistent) {
  const Bytes original = small_file();
  for (size_t at = 0; at < original.size(); ++at) {
    for (int value : {0x00, 0x20, 0x22, 0x30, 0x39, 0x5D, 0x7F, 0x80, 0xFF, static_cast<int>(original[at]) ^ 1}) {
      Bytes bytes = original;
      bytes[at] = static_cast<std::byte>(value);
      const auto file = read(bytes, "x");
      if (!file.ok()) continue;
      size_t total = 0;
      for (const auto& [name, array] : file->arrays) total += array.data.size();
      ASSERT_EQ(total, 7u) << at << " = " << value;
    }
  }
}

TEST(SafetensorsErrors, AnyDamagedDataByteIsNoticed) {
  const Bytes original = small_file();
  for (size_t at = original.size() - 7; at < original.size(); ++at) {
    Bytes bytes = original;
    bytes[at] ^= std::byte{0x10};
    const auto file = read(bytes, "x");
    ASSERT_FALSE(file.ok());
    EXPECT_THAT(file.status().message(), HasSubstr("SHA-256"));
  }
}

TEST(SafetensorsErrors, SingleFields) {
  EXPECT_EQ(refusal(R"({"a":{"dtype":"I8","shape":[8],"data_offsets":[0,8]}})").code(), Code::kOk);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"a":{"dtype":"I8","shape":[7],"data_offsets":[0,8]}})", "needs 7 bytes"},
      {R"({"a":{"dtype":"I8","shape":[8],"data_offsets":[0,9]}})", "data_offsets"},
      {R"({"a":{"dtype":"I8","shape":[8],"data_offsets":[8,0]}})", "data_offsets"},
      {R"({"a":{"dtype":"I8","shape":[8],"data_offsets":[0]}})", "data_offsets"},
      {R"({"a":{"dtype":"I8","shape":[-8],"data_offsets":[0,8]}})", "shape"},
      {R"({"a":{"dtype":"I8","shape":[8.0],"data_offsets":[0,8]}})", "shape"},
      {R"({"a":{"dtype":"I8","shape":8,"data_offsets":[0,8]}})", "shape"},
      {R"({"a":{"dtype":8,"shape":[8],"data_offsets":[0,8]}})", "exactly"},
      {R"({"a":{"shape":[8],"data_offsets":[0,8]}})", "exactly"},
      {R"({"a":{"dtype":"I8","shape":[8],"data_offsets":[0,8],"more":1}})", "exactly"},
      {R"({"a":[]})", "exactly"},
      {R"({"a":{"dtype":"I8","shape":[4],"data_offsets":[0,4]}})", "cover 4"},
      {R"({"a":{"dtype":"I8","shape":[4],"data_offsets":[4,8]}})", "holes"},
      {R"({"a":{"dtype":"I8","shape":[5],"data_offsets":[0,5]},"b":{"dtype":"I8","shape":[4],"data_offsets":[4,8]}})", "overlaps"},
      {R"({"a":{"dtype":"I8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"I8","shape":[4],"data_offsets":[4,8]}})", "holes"},
      {R"({"a":{"dtype":"I8","shape":[8],"data_offsets":[0,8]},"a":{"dtype":"I8","shape":[8],"data_offsets":[0,8]}})", "twice"},
      {R"({"a":{"dtype":"I8","dtype":"I8","shape":[8],"data_offsets":[0,8]}})", "twice"},
      {R"({"__metadata__":{"k":1},"a":{"dtype":"I8","shape":[8],"data_offsets":[0,8]}})", "'k'"},
      {R"({"__metadata__":"text","a":{"dtype":"I8","shape":[8],"data_offsets":[0,8]}})", "__metadata__"},
      {R"([1,2])", "begin"},
      {R"({"a":)", "JSON"},
      {R"({} {})", "JSON"},
  };
  for (const auto& [header, words] : cases) {
    const Status status = refusal(header);
    EXPECT_EQ(status.code(), Code::kCorruptFile) << header;
    EXPECT_THAT(status.message(), HasSubstr(words)) << header;
  }
  EXPECT_EQ(refusal(R"({"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}})").code(), Code::kUnsupported);
}

TEST(SafetensorsErrors, OverflowingSizes) {
  // 2^32 * 2^32 elements wrap to 0 bytes when multiplied unchecked.
  EXPECT_EQ(refusal(R"({"a":{"dtype":"I8","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0).code(), Code::kCorruptFile);
  EXPECT_EQ(refusal(R"({"a":{"dtype":"I64","shape":[2305843009213693952],"data_offsets":[0,0]}})", 0).code(), Code::kCorruptFile);
  EXPECT_EQ(refusal(R"({"a":{"dtype":"I8","shape":[0],"data_offsets":[18446744073709551615,18446744073709551615]}})", 0).code(),
            Code::kCorruptFile);
  Bytes bytes = small_file();
  for (size_t i = 0; i < 8; ++i) bytes[i] = std::byte{0xFF};
  EXPECT_EQ(read(bytes, "x").status().code(), Code::kCorruptFile);
}

TEST(SafetensorsErrors, DeepNestingIsRefusedWithoutRecursion) {
  EXPECT_EQ(refusal("{\"a\":" + std::string(1'000'000, '[')).code(), Code::kCorruptFile);
  EXPECT_EQ(refusal("{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}").code(), Code::kCorruptFile);
}

}  // namespace
}  // namespace liteqat::formats::safetensors
