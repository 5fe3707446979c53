#include "formats/archive_reader/read_archive.h"

#include "formats/archive/archive.h"
#include "formats/archive/wire.h"
#include "formats/archive_reader/hdf5_walk.h"
#include "formats/archive_reader/zip_member.h"

namespace liteqat::formats::archive_reader {
namespace {

Status read_keras_archive(const Bytes& bytes, RecordWriter& writer) {
  const uint64_t limit = archive::max_unfolded_bytes(bytes.size());
  LITEQAT_ASSIGN_OR_RETURN(const ZipArchive zip, ZipArchive::open(bytes));
  auto stored = zip.read("config.json", archive::kMaxTextBytes);
  if (!stored.ok() && stored.status().code() == Code::kNotFound) {
    return error(Code::kNotFound,
                 "{}, so it is no Keras model; of a PyTorch file (torch.save) save the state_dict as .safetensors (docs/torch_weights.md)",
                 stored.status().message());
  }
  LITEQAT_ASSIGN_OR_RETURN(const Bytes config, std::move(stored));
  writer.text("config.json", config);
  LITEQAT_ASSIGN_OR_RETURN(Bytes weights, zip.read("model.weights.h5", limit));
  return walk_hdf5(weights, limit, writer).with_context("model.weights.h5");
}

}  // namespace

Status read_archive(Bytes& bytes, RecordWriter& writer) {
  if (archive::is_zip(bytes)) {
    LITEQAT_RETURN_IF_ERROR(read_keras_archive(bytes, writer));
  } else if (archive::is_hdf5(bytes)) {
    LITEQAT_RETURN_IF_ERROR(walk_hdf5(bytes, archive::max_unfolded_bytes(bytes.size()), writer));
  } else {
    return error(Code::kCorruptFile, "neither an HDF5 file nor a ZIP archive");
  }
  writer.end();
  return {};
}

}  // namespace liteqat::formats::archive_reader
