// Members of a ZIP archive in memory, by libzip.
#pragma once

#include <span>
#include <string>

#include "base/file.h"

struct zip;

namespace liteqat::formats::archive_reader {

class ZipArchive {
 public:
  /// The bytes must outlive it. Fails: kCorruptFile with libzip's words.
  static Result<ZipArchive> open(std::span<const std::byte> bytes);
  ZipArchive(ZipArchive&& other) noexcept;
  ~ZipArchive();

  /// The whole member, its checksum verified. Fails: kNotFound, kCorruptFile, kOutOfRange above max_bytes.
  Result<Bytes> read(const std::string& member, uint64_t max_bytes) const;

 private:
  explicit ZipArchive(zip* archive) : archive_(archive) {}
  zip* archive_;
};

}  // namespace liteqat::formats::archive_reader
