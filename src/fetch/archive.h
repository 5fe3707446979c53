// gzip and tar from memory, for what the network brought. Every size is checked before it is used; nothing is written here.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "base/file.h"
#include "base/status.h"

namespace liteqat::fetch {

/// Fails: kCorruptFile; kOutOfRange if more than max_bytes come out.
Result<Bytes> inflate_gzip(std::span<const std::byte> bytes, int64_t max_bytes, const std::string& path_for_messages);

/// Regular files of a tar archive (POSIX and GNU) by the last part of their name; folders and links are passed over. Fails: kCorruptFile
/// with the offset for a header that does not add up, a file that goes on past the end, or a name that stands twice.
Result<std::map<std::string, std::span<const std::byte>>> list_tar(std::span<const std::byte> bytes, const std::string& path_for_messages);

}  // namespace liteqat::fetch
