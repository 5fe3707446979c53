#include "formats/archive_reader/hdf5_handle.h"

namespace liteqat::formats::archive_reader {
namespace {

herr_t note_first(unsigned position, const H5E_error2_t* entry, void* text) {
  if (position == 0 && entry->desc != nullptr) *static_cast<std::string*>(text) = entry->desc;
  return 0;
}

}  // namespace

Status hdf5_error(const std::string& path, const std::string& what) {
  std::string words;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, note_first, &words);
  return error(Code::kCorruptFile, "HDF5: '{}' {}{}{}", path, what, words.empty() ? "" : ": ", words);
}

}  // namespace liteqat::formats::archive_reader
