#include "formats/safetensors/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>

#include "hash/sha256.h"

namespace liteqat::formats::safetensors {
namespace {

using graph::DType;

Bytes from_text(const std::string& text) {
  Bytes bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

TEST(Safetensors, BytesOfASmallFile) {
  // Written out by hand from the format's description; the digest is that of the three bytes "abc" (FIPS 180-4 example).
  std::string header = R"({"__metadata__":{"format":"pt","sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},)"
                       R"("a":{"data_offsets":[0,1],"dtype":"U8","shape":[1]},"b":{"data_offsets":[1,3],"dtype":"I8","shape":[2,1]}})";
  while (header.size() % 8 != 0) header += ' ';
  File file;
  file.metadata["format"] = "pt";
  file.arrays["b"] = {DType::kInt8, {2, 1}, from_text("bc")};
  file.arrays["a"] = {DType::kUInt8, {1}, from_text("a")};
  const std::string length = {static_cast<char>(header.size()), 0, 0, 0, 0, 0, 0, 0};
  ASSERT_LT(header.size(), 256u);
  EXPECT_EQ(write(file), from_text(length + header + "abc"));
}

TEST(Safetensors, RoundTripOfAllTypes) {
  File file;
  file.metadata = {{"recipe", "line one\nline \"two\" \xC3\xA4"}, {"empty", ""}};
  const std::vector<std::pair<DType, size_t>> types = {{DType::kFloat32, 4}, {DType::kFloat16, 2}, {DType::kInt8, 1},  {DType::kUInt8, 1},
                                                       {DType::kInt16, 2},   {DType::kInt32, 4},   {DType::kInt64, 8}, {DType::kBool, 1}};
  for (const auto& [type, size] : types) {
    const std::string name = "block/" + std::to_string(static_cast<int>(type));
    file.arrays[name] = {type, {3, 5}, Bytes(15 * size, static_cast<std::byte>(size + 40))};
    file.arrays[name + "/scalar"] = {type, {}, Bytes(size, std::byte{1})};
    file.arrays[name + "/none"] = {type, {4, 0, 2}, {}};
  }
  const Bytes bytes = write(file);
  EXPECT_EQ(bytes, write(file));
  const auto read_back = read(bytes, "x.safetensors");
  ASSERT_TRUE(read_back.ok()) << read_back.status().message();
  EXPECT_EQ(read_back->arrays, file.arrays);
  EXPECT_EQ(read_back->metadata.at("recipe"), file.metadata.at("recipe"));
  EXPECT_EQ(read_back->metadata.at("sha256").size(), 64u);
  EXPECT_EQ(read_back->metadata.size(), 3u);
  EXPECT_EQ(write(*read_back), bytes);
}

TEST(Safetensors, EmptyFile) {
  const auto file = read(write({}), "x");
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_TRUE(file->arrays.empty());
}

TEST(Safetensors, FilesOfOthersWithoutMetadata) {
  const std::string header = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   )";
  const std::string length = {static_cast<char>(header.size()), 0, 0, 0, 0, 0, 0, 0};
  const auto file = read(from_text(length + header + "wxyz"), "x");
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->arrays.at("w").data, from_text("wxyz"));
}

}  // namespace
}  // namespace liteqat::formats::safetensors
