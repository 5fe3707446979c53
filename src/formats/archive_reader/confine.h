// Takes from this process what reading a file does not need, before any library looks at the file.
#pragma once

#include <cstdint>

namespace liteqat::formats::archive_reader {

/// From here on: no file can be opened or written (an HDF5 file may name others), memory is bounded by a multiple of the file's size and
/// processor time by two minutes. False if the system refuses a limit.
bool confine(uint64_t file_bytes);

}  // namespace liteqat::formats::archive_reader
