// NumPy's .npz: a ZIP archive of .npy members, stored or deflated, ZIP64 sizes included (numpy.savez writes them).
// Not here: writing, encryption, other compressions, several disks. Member sizes are checked before anything is allocated.
#pragma once

#include <map>
#include <string>

#include "formats/npy/npy.h"

namespace liteqat::formats::npy {

/// True if the bytes begin like a ZIP archive.
bool is_npz(std::span<const std::byte> bytes);

/// Arrays by key (the member's name without .npy). Fails: kCorruptFile with member and offset, a wrong CRC-32 included; kUnsupported.
Result<std::map<std::string, Array>> read_npz(std::span<const std::byte> bytes, const std::string& path_for_messages);

}  // namespace liteqat::formats::npy
