// Uncompressed files inside a ZIP archive that is appended to other bytes, as TFLite metadata packs label files. Internal to this
// folder. Not an archive library: no compression, no ZIP64, no folders.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "formats/tflite/extras.h"

namespace liteqat::formats::tflite {

/// Appends an archive with these entries. Offsets count from the start of `file` and the date is 1980-01-01, so that the bytes are those
/// of Python's zipfile.ZipFile(path, "a").writestr(zipfile.ZipInfo(name), content). Requires: ASCII names below 256 bytes, fewer than 2^16
/// entries, all below 4 GiB.
void append_zip(Bytes& file, const std::vector<Extras::AssociatedFile>& entries);

/// The entries of the archive at the end of the file that append_zip could write; those that are compressed or damaged are left out.
std::vector<Extras::AssociatedFile> list_zip(std::span<const std::byte> file);

/// The content of the entry; empty if there is no archive at the end of the file, no such entry, or it is compressed or damaged.
std::optional<std::string> find_in_zip(std::span<const std::byte> file, const std::string& name);

}  // namespace liteqat::formats::tflite
