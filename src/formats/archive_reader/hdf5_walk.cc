#include "formats/archive_reader/hdf5_walk.h"

#include <hdf5.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/checked.h"
#include "formats/archive/wire.h"
#include "formats/archive_reader/hdf5_attributes.h"
#include "formats/archive_reader/hdf5_handle.h"

namespace liteqat::formats::archive_reader {
namespace {

constexpr int kMaxDepth = 64;               // of groups inside groups
constexpr uint64_t kMaxCompression = 1032;  // deflate's largest ratio (zlib's technical notes)

struct Child {
  std::string name;
  H5L_type_t link;
};

herr_t note_child(hid_t, const char* name, const H5L_info_t* info, void* children) {
  auto& list = *static_cast<std::vector<Child>*>(children);
  if (list.size() >= archive::kMaxRecords) return -1;
  list.push_back({name, info->type});
  return 0;
}

class Walk {
 public:
  Walk(uint64_t max_bytes, RecordWriter& writer) : budget_(max_bytes), writer_(writer) {}

  Status group(hid_t group, const std::string& path, int depth) {
    if (depth > kMaxDepth) return error(Code::kCorruptFile, "'{}': groups are nested more than {} deep", path, kMaxDepth);
    LITEQAT_RETURN_IF_ERROR(write_attributes(group, path, writer_));
    std::vector<Child> children;
    hsize_t position = 0;
    if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &position, note_child, &children) < 0) return hdf5_error(path, "cannot be listed");
    for (const Child& child : children) {
      const std::string child_path = (path == "/" ? "" : path) + "/" + child.name;
      if (child_path == "/optimizer_weights" || child_path == "/optimizer") continue;
      LITEQAT_RETURN_IF_ERROR(object(group, child, child_path, depth));
      if (!writer_.ok()) return error(Code::kIo, "the pipe is closed");
    }
    return {};
  }

 private:
  Status object(hid_t group_id, const Child& child, const std::string& path, int depth) {
    if (++objects_ > archive::kMaxRecords) return error(Code::kOutOfRange, "'{}': the file has more than {} objects", path, objects_ - 1);
    if (path.size() > archive::kMaxNameBytes) return error(Code::kOutOfRange, "a path has {} bytes", path.size());
    if (child.link != H5L_TYPE_HARD) {
      return error(Code::kUnsupported, "'{}' is a link ({}); only data of the file itself is read", path,
                   child.link == H5L_TYPE_SOFT       ? "soft"
                   : child.link == H5L_TYPE_EXTERNAL ? "external"
                                                     : "user-defined");
    }
    const Handle object(H5Oopen(group_id, child.name.c_str(), H5P_DEFAULT), H5Oclose);
    if (!object.ok()) return hdf5_error(path, "cannot be opened");
    switch (H5Iget_type(object.id())) {
      case H5I_GROUP:
        return group(object.id(), path, depth + 1);
      case H5I_DATASET:
        return data_set(object.id(), path);
      default:
        return {};  // a stored type
    }
  }

  static Status check_storage(hid_t data_set, const std::string& path) {
    const Handle properties(H5Dget_create_plist(data_set), H5Pclose);
    if (!properties.ok()) return hdf5_error(path, "has no readable properties");
    if (H5Pget_layout(properties.id()) == H5D_VIRTUAL) return error(Code::kUnsupported, "'{}' is a virtual data set of other files", path);
    if (H5Pget_external_count(properties.id()) != 0) return error(Code::kUnsupported, "'{}' keeps its data in other files", path);
    return {};
  }

  /// Extents of the data set. Fails: kOutOfRange where they claim more than is stored or may be unfolded.
  Result<std::vector<int64_t>> read_shape(hid_t data_set, hid_t type, const std::string& path) {
    const Handle space(H5Dget_space(data_set), H5Sclose);
    const int rank = space.ok() ? H5Sget_simple_extent_ndims(space.id()) : -1;
    if (rank < 0 || rank > static_cast<int>(archive::kMaxRank)) return error(Code::kCorruptFile, "'{}' has {} axes", path, rank);
    std::vector<hsize_t> extents(static_cast<size_t>(rank));
    if (H5Sget_simple_extent_dims(space.id(), extents.data(), nullptr) < 0) return hdf5_error(path, "has no readable extents");
    std::vector<int64_t> shape(extents.begin(), extents.end());
    const auto elems = checked_product(std::span<const int64_t>(shape));
    const auto bytes = elems ? checked_mul(*elems, static_cast<int64_t>(std::max(H5Tget_size(type), sizeof(float)))) : std::nullopt;
    if (!bytes || static_cast<uint64_t>(*bytes) > budget_) {
      return error(Code::kOutOfRange, "'{}' claims {} elements, more than a file of this size may unfold to", path,
                   elems ? format("{}", *elems) : "more than 2^63");
    }
    const uint64_t stored = H5Dget_storage_size(data_set);
    if (static_cast<uint64_t>(*bytes) / kMaxCompression > stored || (stored == 0 && *bytes > 0)) {
      return error(Code::kOutOfRange, "'{}' claims {} elements and stores {} bytes", path, *elems, stored);
    }
    budget_ -= static_cast<uint64_t>(*bytes);
    return shape;
  }

  Status data_set(hid_t data_set, const std::string& path) {
    LITEQAT_RETURN_IF_ERROR(check_storage(data_set, path));
    const Handle type(H5Dget_type(data_set), H5Tclose);
    if (!type.ok()) return hdf5_error(path, "has no readable type");
    const H5T_class_t kind = H5Tget_class(type.id());
    if (kind != H5T_FLOAT && kind != H5T_INTEGER) return {};  // texts and records are no weights
    LITEQAT_ASSIGN_OR_RETURN(const std::vector<int64_t> shape, read_shape(data_set, type.id(), path));
    std::vector<float> values(static_cast<size_t>(*checked_product(std::span<const int64_t>(shape))));
    if (!values.empty() && H5Dread(data_set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
      return hdf5_error(path, "cannot be read");
    }
    writer_.array(path, shape, values);
    return {};
  }

  uint64_t budget_;
  uint32_t objects_ = 0;
  RecordWriter& writer_;
};

}  // namespace

Status walk_hdf5(std::span<std::byte> image, uint64_t max_bytes, RecordWriter& writer) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // failures are asked for, not printed
  H5PLset_loading_state(0);                     // a file may name filters; none is loaded
  const unsigned flags = H5LT_FILE_IMAGE_DONT_COPY | H5LT_FILE_IMAGE_DONT_RELEASE;
  const Handle file(H5LTopen_file_image(image.data(), image.size(), flags), H5Fclose);
  if (!file.ok()) return hdf5_error("/", "cannot be opened");
  const Handle root(H5Gopen2(file.id(), "/", H5P_DEFAULT), H5Gclose);
  if (!root.ok()) return hdf5_error("/", "cannot be opened");
  return Walk(max_bytes, writer).group(root.id(), "/", 0);
}

}  // namespace liteqat::formats::archive_reader
