// TensorBoard event files: TFRecords (length, masked CRC-32C, payload, masked CRC-32C) of Event protocol buffers, scalars only.
// The record format is TensorFlow's; the file is appended to record by record, so a crash loses at most the last one; a torn last
// record is cut off when the file is opened again. One writer per file and thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/status.h"

namespace liteqat::formats::tensorboard {

class EventWriter {
 public:
  /// Creates folder/events.out.tfevents.<seconds>.liteqat (appended to if it exists).
  /// Fails: kIo; kCorruptFile if a file of that name does not begin with an event record.
  static Result<EventWriter> open(const std::string& folder, int64_t wall_seconds);
  /// Fails: kIo. wall_time in seconds since 1970.
  Status add_scalar(const std::string& tag, int64_t step, float value, double wall_time);

 private:
  explicit EventWriter(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace liteqat::formats::tensorboard
