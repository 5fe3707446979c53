// String attributes of an HDF5 object as text and list records; attributes of other types hold nothing that a model needs.
#pragma once

#include <hdf5.h>

#include <string>

#include "base/status.h"
#include "formats/archive_reader/record_writer.h"

namespace liteqat::formats::archive_reader {

/// Writes "<path>@<name>" records for all attributes that are one string or a vector of strings. Fails: kCorruptFile, kOutOfRange.
Status write_attributes(hid_t object, const std::string& path, RecordWriter& writer);

}  // namespace liteqat::formats::archive_reader
