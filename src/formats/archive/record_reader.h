// Takes the reading program's output apart as it arrives. Nothing in it is trusted: lengths are held against the limits of wire.h and
// against what the file can unfold to, before anything is allocated. Private to formats/archive.
#pragma once

#include <cstddef>
#include <optional>

#include "base/file.h"
#include "formats/archive/archive.h"
#include "formats/archive/wire.h"

namespace liteqat::formats::archive {

class RecordReader {
 public:
  explicit RecordReader(uint64_t file_bytes) : budget_(max_unfolded_bytes(file_bytes)) {}

  /// The next piece, of any length. Fails: kCorruptFile for a malformed record, else what a kError record says.
  Status take(std::span<const std::byte> piece);

  /// After the last piece. Fails: kCorruptFile when no kEnd record has come.
  Result<Contents> finish();

 private:
  /// Reads one record off the front of buffer_; false if it has not arrived whole.
  Result<bool> take_record();
  Result<bool> take_array(const std::string& name);
  Result<bool> take_list(const std::string& name);
  Result<bool> take_text(const std::string& name);
  Status charge(uint64_t bytes);
  template <typename T>
  std::optional<T> number();
  /// A length and as many bytes. Empty if it has not arrived whole.
  Result<std::optional<std::string>> counted_text(uint64_t length, uint64_t limit);

  Bytes buffer_;
  size_t at_ = 0;
  uint64_t budget_;
  uint32_t records_ = 0;
  bool ended_ = false;
  Contents contents_;
};

}  // namespace liteqat::formats::archive
