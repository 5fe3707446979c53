#include "formats/tensorboard/event_writer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "base/file.h"

namespace liteqat::formats::tensorboard {
namespace {

std::string make_test_folder(const std::string& name) {
  const std::string folder = testing::TempDir() + "liteqat_tensorboard_" + name;
  std::filesystem::remove_all(folder);
  return folder;
}

// CRC-32C bit by bit (RFC 3720, polynomial 0x1EDC6F41 reflected), independent of the library that the writer uses.
uint32_t plain_crc(const std::string& text) {
  uint32_t crc = 0xFFFFFFFFu;
  for (unsigned char symbol : text) {
    crc ^= symbol;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0x82F63B78u : crc >> 1;
  }
  return ~crc;
}
uint32_t masked(const std::string& text) {
  const uint32_t crc = plain_crc(text);
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

template <typename T>
T load(const std::string& text, size_t at) {
  T value;
  std::memcpy(&value, text.data() + at, sizeof(T));
  return value;
}

std::vector<std::string> parse_records(const std::string& text) {
  std::vector<std::string> payloads;
  size_t at = 0;
  while (at < text.size()) {
    const auto length = load<uint64_t>(text, at);
    EXPECT_EQ(load<uint32_t>(text, at + 8), masked(text.substr(at, 8)));
    payloads.push_back(text.substr(at + 12, length));
    EXPECT_EQ(load<uint32_t>(text, at + 12 + length), masked(payloads.back()));
    at += 16 + length;
  }
  EXPECT_EQ(at, text.size());
  return payloads;
}

std::string literal_double(double value) {
  std::string text(8, '\0');
  std::memcpy(text.data(), &value, 8);
  return text;
}
std::string literal_float(float value) {
  std::string text(4, '\0');
  std::memcpy(text.data(), &value, 4);
  return text;
}

TEST(EventWriter, CrcOracleKnowsThePublishedValue) {
  EXPECT_EQ(plain_crc("123456789"), 0xE3069283u);
}

TEST(EventWriter, RecordsAreTensorFlows) {
  const std::string folder = make_test_folder("records");
  {
    auto writer = EventWriter::open(folder, 1700000000);
    ASSERT_TRUE(writer.ok()) << writer.status().message();
    ASSERT_TRUE(writer->add_scalar("loss", 300, 0.25f, 1700000001.5).ok());
    ASSERT_TRUE(writer->add_scalar("accuracy", 0, 1.0f, 1700000002.0).ok());
  }
  const auto text = read_text_file(folder + "/events.out.tfevents.1700000000.liteqat");
  ASSERT_TRUE(text.ok());
  const auto records = parse_records(*text);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0], "\x09" + literal_double(1700000000.0) + "\x1A\x0D" + "brain.Event:2");
  // 300 as a varint is AC 02 (the encoding guide's example is 150 = 96 01); summary 5, value 1, tag 1, simple_value 2.
  EXPECT_EQ(records[1],
            "\x09" + literal_double(1700000001.5) + "\x10\xAC\x02" + "\x2A\x0D\x0A\x0B\x0A\x04" + "loss" + "\x15" + literal_float(0.25f));
  EXPECT_EQ(records[2], "\x09" + literal_double(1700000002.0) + std::string("\x10\x00", 2) + "\x2A\x11\x0A\x0F\x0A\x08" + "accuracy" +
                            "\x15" + literal_float(1.0f));
}

TEST(EventWriter, AppendsAndCutsATornRecord) {
  const std::string folder = make_test_folder("torn");
  const std::string path = folder + "/events.out.tfevents.5.liteqat";
  { ASSERT_TRUE(EventWriter::open(folder, 5)->add_scalar("a", 1, 1.0f, 5.0).ok()); }
  const auto whole = read_text_file(path);
  ASSERT_TRUE(whole.ok());
  ASSERT_TRUE(write_text_file(path, whole->substr(0, whole->size() - 3)).ok());
  { ASSERT_TRUE(EventWriter::open(folder, 5)->add_scalar("b", 2, 2.0f, 6.0).ok()); }
  const auto text = read_text_file(path);
  ASSERT_TRUE(text.ok());
  const auto records = parse_records(*text);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_NE(records[0].find("brain.Event:2"), std::string::npos);
  EXPECT_EQ(records[1].substr(9, 2), "\x10\x02");
}

TEST(EventWriter, RefusesAForeignFileAndAMissingFolder) {
  const std::string folder = make_test_folder("foreign");
  ASSERT_TRUE(make_folder(folder).ok());
  ASSERT_TRUE(write_text_file(folder + "/events.out.tfevents.7.liteqat", "a shopping list, longer than a frame").ok());
  EXPECT_EQ(EventWriter::open(folder, 7).status().code(), Code::kCorruptFile);
  EXPECT_FALSE(EventWriter::open(folder + "/events.out.tfevents.7.liteqat/below", 7).ok());
}

}  // namespace
}  // namespace liteqat::formats::tensorboard
