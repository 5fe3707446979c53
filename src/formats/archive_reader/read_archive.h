// What the reading program does with a file once it lies in memory.
#pragma once

#include "base/file.h"
#include "formats/archive_reader/record_writer.h"

namespace liteqat::formats::archive_reader {

/// Writes the records of an HDF5 file or of a .keras archive (config.json and model.weights.h5 inside), with kEnd. Fails: as walk_hdf5 and
/// ZipArchive do; kCorruptFile if the bytes are neither.
Status read_archive(Bytes& bytes, RecordWriter& writer);

}  // namespace liteqat::formats::archive_reader
