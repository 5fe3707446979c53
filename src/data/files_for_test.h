// Data files made byte by byte for this module's tests, without the module's own writers. Included by *_test.cc only.
#pragma once

#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/format.h"

namespace liteqat::data {

/// An empty folder of this test's own, removed at the end.
class TestFolder {
 public:
  TestFolder() : folder_(std::filesystem::temp_directory_path() / format("liteqat_data_{}", ::getpid())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() { std::filesystem::remove_all(folder_); }

  std::string folder() const { return folder_.string(); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  /// Without the flush to disk of base/file.h: these tests write thousands of files.
  void write(const std::string& name, const std::string& bytes) const {
    std::FILE* file = std::fopen(path(name).c_str(), "wb");
    LITEQAT_CHECK(file != nullptr);
    LITEQAT_CHECK(std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size());
    LITEQAT_CHECK(std::fclose(file) == 0);
  }
  void overwrite(const std::string& name, size_t offset, char byte) const {
    std::FILE* file = std::fopen(path(name).c_str(), "r+b");
    LITEQAT_CHECK(file != nullptr);
    LITEQAT_CHECK(std::fseek(file, static_cast<long>(offset), SEEK_SET) == 0);
    LITEQAT_CHECK(std::fputc(byte, file) == static_cast<uint8_t>(byte));
    LITEQAT_CHECK(std::fclose(file) == 0);
  }
  void remove(const std::string& name) const { std::filesystem::remove(folder_ / name); }

 private:
  std::filesystem::path folder_;
};

inline std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8), static_cast<char>(value)};
}

/// Any pixel of any image, spread over all values.
inline uint8_t sample_pixel(size_t image, size_t y, size_t x, size_t channel) {
  return static_cast<uint8_t>(image * 101 + y * 37 + x * 11 + channel * 85);
}

inline std::string idx_images(uint32_t count) {
  std::string bytes = big_endian(0x803) + big_endian(count) + big_endian(28) + big_endian(28);
  for (size_t image = 0; image < count; ++image) {
    for (size_t pixel = 0; pixel < 784; ++pixel) bytes += static_cast<char>(sample_pixel(image, pixel / 28, pixel % 28, 0));
  }
  return bytes;
}

inline std::string idx_labels(const std::vector<int>& labels) {
  std::string bytes = big_endian(0x801) + big_endian(static_cast<uint32_t>(labels.size()));
  for (int label : labels) bytes += static_cast<char>(label);
  return bytes;
}

/// One record per label, the images numbered from `first`: red plane, green plane, blue plane.
inline std::string cifar_records(const std::vector<int>& labels, size_t first) {
  std::string bytes;
  for (size_t i = 0; i < labels.size(); ++i) {
    bytes += static_cast<char>(labels[i]);
    for (size_t channel = 0; channel < 3; ++channel) {
      for (size_t pixel = 0; pixel < 1024; ++pixel) bytes += static_cast<char>(sample_pixel(first + i, pixel / 32, pixel % 32, channel));
    }
  }
  return bytes;
}

/// A gzip stream of the pieces, `repeat` times the second one: so that a large file needs little memory here.
inline std::string gzip(const std::string& head, const std::string& piece = {}, int repeat = 0) {
  z_stream stream{};
  LITEQAT_CHECK(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out, block(1 << 16, '\0');
  for (int part = 0; part <= repeat; ++part) {
    const std::string& input = part == 0 ? head : piece;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream.avail_in = static_cast<uInt>(input.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(block.data());
      stream.avail_out = static_cast<uInt>(block.size());
      deflate(&stream, part == repeat ? Z_FINISH : Z_NO_FLUSH);
      out.append(block, 0, block.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }
  deflateEnd(&stream);
  return out;
}

}  // namespace liteqat::data
