// Whole files in and out. A file on disk is either the old or the new one: writes go to a temporary beside the target, are checked,
// flushed to the device, renamed over it, and the folder is flushed too. Errors name the path and what the system said.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace liteqat {

using Bytes = std::vector<std::byte>;

/// Fails: kNotFound if there is no such file, kIo otherwise. Files above max_bytes are kOutOfRange, before anything is allocated. Pipes are
/// read to their end, named ones only if somebody has opened them to write; devices give at most 1 MiB.
Result<Bytes> read_file(const std::string& path, int64_t max_bytes = int64_t{4} << 30);
Result<std::string> read_text_file(const std::string& path, int64_t max_bytes = int64_t{64} << 20);

/// Also removes temporaries of `path` whose writer's process is gone.
Status write_file(const std::string& path, std::span<const std::byte> bytes);
Status write_text_file(const std::string& path, std::string_view text);

/// For logs, which may end in a torn record after a crash: adds to the end, creates the file if there is none.
Status append_to_file(const std::string& path, std::span<const std::byte> bytes);

/// Creates the folder and its parents; fine if it exists.
Status make_folder(const std::string& path);
bool file_exists(const std::string& path);

/// Removes all temporaries of write_file in the folder. For folders that one process at a time works in.
Status remove_stale_temporaries(const std::string& folder);

}  // namespace liteqat
