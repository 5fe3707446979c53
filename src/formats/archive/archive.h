// The named arrays and texts of an HDF5 file, or of a ZIP archive with one HDF5 file inside (Keras' .keras), read by a program of its own
// (formats/archive_reader) that runs under resource limits: what the HDF5 and ZIP libraries do with a hostile file happens there. This
// process never links them; what comes back over the pipe is checked as any other outside data.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat::formats::archive {

/// Numbers of any HDF5 float or integer type, converted to float32. Row-major.
struct Array {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

struct Contents {
  std::map<std::string, std::string> texts;               // string attributes "/group@name", ZIP members "config.json"
  std::map<std::string, std::vector<std::string>> lists;  // attributes that are vectors of strings
  std::map<std::string, Array> arrays;                    // data sets by path, "/model_weights/conv1/conv1/kernel:0"
};

/// True if the bytes begin like an HDF5 file or a ZIP archive.
bool is_hdf5(std::span<const std::byte> bytes);
bool is_zip(std::span<const std::byte> bytes);

/// Everything but optimizer state. Fails: kNotFound, kIo, kCorruptFile (also when the library crashes or exceeds its limits), kUnsupported
/// for links to other files, virtual data sets and data kept in other files.
Result<Contents> read(const std::string& path);

/// The same with another reading program, for tests of what happens when it fails.
Result<Contents> read_with(const std::string& program, const std::string& path);

}  // namespace liteqat::formats::archive
