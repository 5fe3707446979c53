// Walks every group of an HDF5 file image and writes its numbers and strings as records. Whatever reaches outside the file is refused:
// soft, external and user-defined links, virtual data sets, data kept in other files, filters that would have to be loaded.
#pragma once

#include <cstddef>
#include <span>

#include "base/status.h"
#include "formats/archive_reader/record_writer.h"

namespace liteqat::formats::archive_reader {

/// Writes the records of an HDF5 file of which `image` is the whole content; without kEnd. `max_bytes`: all that its arrays may unfold to.
/// Optimizer state ("/optimizer_weights", "/optimizer") is left out. The image must outlive the call and is not written to. Fails:
/// kCorruptFile with HDF5's words, kUnsupported, kOutOfRange for what claims too much; each names the object.
Status walk_hdf5(std::span<std::byte> image, uint64_t max_bytes, RecordWriter& writer);

}  // namespace liteqat::formats::archive_reader
