// Writes the records of formats/archive/wire.h to a file descriptor. A reader that is gone is reported once, by ok(), and later writes do
// nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat::formats::archive_reader {

class RecordWriter {
 public:
  explicit RecordWriter(int descriptor) : descriptor_(descriptor) {}

  void text(const std::string& name, std::span<const std::byte> bytes);
  void list(const std::string& name, const std::vector<std::string>& entries);
  void array(const std::string& name, std::span<const int64_t> shape, std::span<const float> values);
  void failure(const Status& status);
  void end();

  bool ok() const { return ok_; }

 private:
  void begin(char kind, const std::string& name);
  void write(const void* bytes, size_t count);
  template <typename T>
  void number(T value) {
    write(&value, sizeof(value));
  }

  int descriptor_;
  bool ok_ = true;
};

}  // namespace liteqat::formats::archive_reader
