#include "formats/archive_reader/zip_member.h"

#include <zip.h>

#include <utility>

namespace liteqat::formats::archive_reader {

Result<ZipArchive> ZipArchive::open(std::span<const std::byte> bytes) {
  zip_error_t failure;
  zip_error_init(&failure);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &failure);
  zip_t* archive = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &failure);
  if (archive != nullptr) return ZipArchive(archive);
  Status status = error(Code::kCorruptFile, "damaged ZIP archive: {}", zip_error_strerror(&failure));
  if (source != nullptr) zip_source_free(source);
  zip_error_fini(&failure);
  return status;
}

ZipArchive::ZipArchive(ZipArchive&& other) noexcept : archive_(std::exchange(other.archive_, nullptr)) {}

ZipArchive::~ZipArchive() {
  if (archive_ != nullptr) zip_discard(archive_);
}

Result<Bytes> ZipArchive::read(const std::string& member, uint64_t max_bytes) const {
  zip_stat_t entry;
  if (zip_stat(archive_, member.c_str(), 0, &entry) != 0 || !(entry.valid & ZIP_STAT_SIZE)) {
    return error(Code::kNotFound, "the ZIP archive holds no member '{}'", member);
  }
  if (entry.size > max_bytes) {
    return error(Code::kOutOfRange, "member '{}' claims {} bytes, at most {} are read from a file of this size", member, entry.size,
                 max_bytes);
  }
  zip_file_t* file = zip_fopen_index(archive_, entry.index, 0);
  if (file == nullptr) return error(Code::kCorruptFile, "member '{}': {}", member, zip_strerror(archive_));
  Bytes bytes(entry.size);
  zip_uint64_t read = 0;
  while (read < entry.size) {
    const zip_int64_t count = zip_fread(file, bytes.data() + read, entry.size - read);
    if (count <= 0) break;
    read += static_cast<zip_uint64_t>(count);
  }
  // Reading past the last byte is what makes libzip compare the checksum.
  char past_the_end = 0;
  const bool whole = read == entry.size && zip_fread(file, &past_the_end, 1) == 0;
  zip_fclose(file);
  if (!whole) return error(Code::kCorruptFile, "member '{}' does not unpack to its {} bytes, or its checksum differs", member, entry.size);
  return bytes;
}

}  // namespace liteqat::formats::archive_reader
