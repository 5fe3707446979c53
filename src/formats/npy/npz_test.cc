#include "formats/npy/npz.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>

namespace liteqat::formats::npy {
namespace {

std::string little_endian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::string raw_deflate(const std::string& content) {
  std::string out(content.size() + 100, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct Entry {
  std::string name, content;
  bool deflated = false;
  uint64_t claimed = content.size();  // bytes when unpacked
};

/// A ZIP archive written from the format's description (PKWARE APPNOTE 4.3). With `one_place` all entries stand for the first one's bytes.
std::string archive_of(const std::vector<Entry>& entries, bool one_place = false) {
  std::string members, directory;
  for (const auto& [name, content, deflated, claimed] : entries) {
    const std::string stored = deflated ? raw_deflate(content) : content;
    const uint64_t crc = crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
    const std::string shared = little_endian(20, 2) + little_endian(0, 2) + little_endian(deflated ? 8 : 0, 2) + little_endian(0, 4) +
                               little_endian(crc, 4) + little_endian(stored.size(), 4) + little_endian(claimed, 4) +
                               little_endian(name.size(), 2) + little_endian(0, 2);
    directory += "PK\x01\x02" + little_endian(20, 2) + shared + little_endian(0, 2) + little_endian(0, 2) + little_endian(0, 2) +
                 little_endian(0, 4) + little_endian(one_place ? 0 : members.size(), 4) + name;
    if (!one_place || members.empty()) members += "PK\x03\x04" + shared + name + stored;
  }
  return members + directory + "PK\x05\x06" + little_endian(0, 4) + little_endian(entries.size(), 2) + little_endian(entries.size(), 2) +
         little_endian(directory.size(), 4) + little_endian(members.size(), 4) + little_endian(0, 2);
}

std::string archive_of(const std::string& name, const std::string& content, bool deflated) {
  return archive_of({{name, content, deflated}});
}

std::string npy_text() {
  const Bytes bytes = write({.dtype = "<i4", .shape = {3}, .data = Bytes(12, std::byte{7})});
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> as_bytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

TEST(Npz, StoredAndDeflatedMembersAreRead) {
  for (const bool deflated : {false, true}) {
    const std::string archive = archive_of("labels.npy", npy_text(), deflated);
    ASSERT_TRUE(is_npz(as_bytes(archive)));
    const auto arrays = read_npz(as_bytes(archive), "x.npz");
    ASSERT_TRUE(arrays.ok()) << arrays.status().message();
    EXPECT_EQ(arrays->at("labels").shape, std::vector<int64_t>{3});
    EXPECT_EQ(arrays->at("labels").as<int32_t>()[2], 0x07070707);
  }
}

TEST(Npz, EveryTruncationIsAnErrorWithTheFilesName) {
  for (const bool deflated : {false, true}) {
    const std::string archive = archive_of("labels.npy", npy_text(), deflated);
    for (size_t length = 0; length < archive.size(); ++length) {
      const auto arrays = read_npz(as_bytes(archive).first(length), "x.npz");
      ASSERT_FALSE(arrays.ok()) << length;
      EXPECT_EQ(arrays.status().code(), Code::kCorruptFile);
      EXPECT_NE(arrays.status().message().find("x.npz"), std::string::npos);
    }
  }
}

// Any byte may be wrong: the reader says so or reads an array, it never leaves the buffer (run under a sanitizer too).
TEST(Npz, EveryChangedByteIsSurvived) {
  const std::string archive = archive_of("labels.npy", npy_text(), true);
  const std::string stored = archive_of("labels.npy", npy_text(), false);
  for (const std::string& original : {archive, stored}) {
    for (size_t at = 0; at < original.size(); ++at) {
      for (const char value : {'\0', '\x7f', '\xff'}) {
        std::string damaged = original;
        damaged[at] = value;
        const auto arrays = read_npz(as_bytes(damaged), "x.npz");
        if (!arrays.ok()) {
          EXPECT_FALSE(arrays.status().message().empty());
        }
      }
    }
  }
}

TEST(Npz, SeveralMembersAreReadByName) {
  const auto arrays =
      read_npz(as_bytes(archive_of({{"a.npy", npy_text()}, {"notes.txt", "no array"}, {"b.npy", npy_text(), true}})), "x.npz");
  ASSERT_TRUE(arrays.ok()) << arrays.status().message();
  EXPECT_EQ(arrays->size(), 2u);
  EXPECT_EQ(arrays->at("b").as<int32_t>()[0], 0x07070707);
}

// A megabyte could else be unpacked as often as the directory has room for names.
TEST(Npz, MembersThatShareBytesAreRefused) {
  for (const bool deflated : {false, true}) {
    std::vector<Entry> entries;
    for (const char letter : {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'})
      entries.push_back({std::string(1, letter) + ".npy", npy_text(), deflated});
    const auto arrays = read_npz(as_bytes(archive_of(entries, true)), "x.npz");
    ASSERT_FALSE(arrays.ok()) << deflated;
    EXPECT_EQ(arrays.status().code(), Code::kCorruptFile);
    EXPECT_NE(arrays.status().message().find("shares its bytes"), std::string::npos) << arrays.status().message();
  }
}

TEST(Npz, WhatAllMembersUnpackToIsLimited) {
  const std::string noise(5 << 20, 'x');  // stored: enough for deflate's largest ratio
  Entry large{"b.npy", noise, false, 0xFFFFFFFE};
  const auto arrays = read_npz(as_bytes(archive_of({{"a.npy", npy_text()}, large})), "x.npz");
  ASSERT_FALSE(arrays.ok());
  EXPECT_EQ(arrays.status().code(), Code::kOutOfRange);
  EXPECT_NE(arrays.status().message().find("'b.npy' of 4294967294 bytes"), std::string::npos) << arrays.status().message();
}

TEST(Npz, AWrongChecksumIsNamed) {
  std::string archive = archive_of("labels.npy", npy_text(), false);
  archive[archive.find("\x07\x07\x07")] = 'x';  // in the array's data
  const auto arrays = read_npz(as_bytes(archive), "x.npz");
  ASSERT_FALSE(arrays.ok());
  EXPECT_NE(arrays.status().message().find("CRC-32"), std::string::npos) << arrays.status().message();
}

TEST(Npz, WhatIsWrittenIsReadBack) {
  const Array numbers = {.dtype = "<i4", .shape = {3}, .data = Bytes(12, std::byte{7})};
  const Array nothing = {.dtype = "<f4", .shape = {0, 2}, .data = {}};
  const NamedArray arrays[] = {{"block/conv:0", numbers}, {"empty", nothing}};
  const auto bytes = write_npz(arrays, "x.npz");
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  const auto read = read_npz(*bytes, "x.npz");
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->at("block/conv:0").shape, numbers.shape);
  EXPECT_EQ(read->at("block/conv:0").data, numbers.data);
  EXPECT_EQ(read->at("empty").shape, nothing.shape);
  const NamedArray unnamed[] = {{std::string(70000, 'x'), numbers}};
  const auto refused = write_npz(unnamed, "x.npz");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::kUnsupported);
}

}  // namespace
}  // namespace liteqat::formats::npy
