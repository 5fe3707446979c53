// TensorBoard event files: TFRecords (length, masked CRC-32C, payload, masked CRC-32C) of Event protocol buffers, scalars only.
// The record format is TensorFlow's; the file is appended to and flushed per record, so a crash loses at most the last one.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "base/status.h"

namespace liteqat::formats::tensorboard {

class EventWriter {
 public:
  /// Creates folder/events.out.tfevents.<seconds>.liteqat (appended to if it exists).
  static Result<EventWriter> open(const std::string& folder, int64_t wall_seconds);
  Status add_scalar(const std::string& tag, int64_t step, float value, double wall_time);

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  EventWriter(std::string path, std::unique_ptr<std::FILE, Closer> file) : path_(std::move(path)), file_(std::move(file)) {}
  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
};

}  // namespace liteqat::formats::tensorboard
