// NumPy's .npz: a ZIP archive of .npy members, stored or deflated, ZIP64 sizes included (numpy.savez writes them).
// Written as numpy.savez does, stored. Not here: encryption, other compressions, several disks. Member sizes are checked before anything is
// allocated.
#pragma once

#include <map>
#include <span>
#include <string>

#include "formats/npy/npy.h"

namespace liteqat::formats::npy {

/// True if the bytes begin like a ZIP archive.
bool is_npz(std::span<const std::byte> bytes);

/// Arrays by key (the member's name without .npy). Fails: kCorruptFile with member and offset, a wrong CRC-32 included; kUnsupported.
Result<std::map<std::string, Array>> read_npz(std::span<const std::byte> bytes, const std::string& path_for_messages);

struct NamedArray {
  std::string name;  // the key
  Array array;
};

/// Stored, in this order, dated 1980-01-01: the same arrays give the same bytes. Fails: kUnsupported for names of more than 2^16 bytes and
/// archives of 4 GiB and more, which read_npz refuses too.
Result<Bytes> write_npz(std::span<const NamedArray> arrays, const std::string& path_for_messages);

}  // namespace liteqat::formats::npy
