// Folders of small PNG files for this module's tests. Included by *_test.cc only.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/check.h"
#include "base/file.h"
#include "base/format.h"

namespace liteqat::catalog {

/// An empty folder of this test's own, removed at the end.
class TestFolder {
 public:
  TestFolder() : folder_(std::filesystem::temp_directory_path() / format("liteqat_catalog_{}", ::getpid())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() { std::filesystem::remove_all(folder_); }

  std::string folder() const { return folder_.string(); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    LITEQAT_CHECK(write_text_file(path(name), text).ok());
  }
  /// A gray PNG of 2 x 2 pixels of one value, made by hand: stored deflate blocks, checksums of this value computed here.
  void write_png(const std::string& name, uint8_t value) const { write(name, png(value)); }

  static std::string png(uint8_t value) {
    const std::string rows = {0, static_cast<char>(value), static_cast<char>(value), 0, static_cast<char>(value), static_cast<char>(value)};
    std::string stream = {0x78, 0x01, 0x01, 6, 0, static_cast<char>(0xF9), static_cast<char>(0xFF)};
    stream += rows + word(adler(rows));
    const std::string header = {0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 0};
    return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", stream) + chunk("IEND", "");
  }

 private:
  static std::string word(uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8), static_cast<char>(value)};
  }
  static uint32_t adler(const std::string& bytes) {
    uint32_t a = 1, b = 0;
    for (const char c : bytes) a = (a + static_cast<uint8_t>(c)) % 65521, b = (b + a) % 65521;
    return b << 16 | a;
  }
  static uint32_t crc(const std::string& bytes) {
    uint32_t sum = 0xFFFFFFFF;
    for (const char c : bytes) {
      sum ^= static_cast<uint8_t>(c);
      for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ (sum & 1 ? 0xEDB88320u : 0);
    }
    return ~sum;
  }
  static std::string chunk(const std::string& kind, const std::string& data) {
    return word(static_cast<uint32_t>(data.size())) + kind + data + word(crc(kind + data));
  }

  std::filesystem::path folder_;
};

}  // namespace liteqat::catalog
