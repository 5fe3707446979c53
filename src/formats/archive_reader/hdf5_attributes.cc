#include "formats/archive_reader/hdf5_attributes.h"

#include <cstring>
#include <vector>

#include "formats/archive/wire.h"
#include "formats/archive_reader/hdf5_handle.h"

namespace liteqat::formats::archive_reader {
namespace {

struct Attribute {
  std::string name;
  hid_t id, type, space;
};

std::string text_until_zero(const char* text, size_t bytes) {
  return {text, ::strnlen(text, bytes)};
}

Result<std::vector<std::string>> read_variable_length(const Attribute& attribute, size_t count) {
  const Handle memory_type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(memory_type.id(), H5T_VARIABLE);
  H5Tset_cset(memory_type.id(), H5Tget_cset(attribute.type));
  std::vector<char*> texts(count, nullptr);
  if (H5Aread(attribute.id, memory_type.id(), texts.data()) < 0) return hdf5_error(attribute.name, "cannot be read");
  std::vector<std::string> values;
  for (const char* text : texts) values.emplace_back(text == nullptr ? "" : text);
  H5Dvlen_reclaim(memory_type.id(), attribute.space, H5P_DEFAULT, texts.data());
  return values;
}

Result<std::vector<std::string>> read_fixed_length(const Attribute& attribute, size_t count) {
  const size_t bytes = H5Tget_size(attribute.type);
  if (bytes == 0 || bytes > archive::kMaxTextBytes / std::max<size_t>(count, 1)) {
    return error(Code::kOutOfRange, "'{}' claims {} strings of {} bytes", attribute.name, count, bytes);
  }
  std::vector<char> characters(count * bytes);
  if (H5Aread(attribute.id, attribute.type, characters.data()) < 0) return hdf5_error(attribute.name, "cannot be read");
  std::vector<std::string> values;
  for (size_t i = 0; i < count; ++i) values.push_back(text_until_zero(characters.data() + i * bytes, bytes));
  return values;
}

Status write_one(const Attribute& attribute, RecordWriter& writer) {
  const hssize_t count = H5Sget_simple_extent_npoints(attribute.space);
  if (count < 0 || count > hssize_t{archive::kMaxListEntries}) {
    return error(Code::kOutOfRange, "'{}' claims {} strings, at most {} are read", attribute.name, count, archive::kMaxListEntries);
  }
  LITEQAT_ASSIGN_OR_RETURN(const std::vector<std::string> values, H5Tis_variable_str(attribute.type) > 0
                                                                      ? read_variable_length(attribute, static_cast<size_t>(count))
                                                                      : read_fixed_length(attribute, static_cast<size_t>(count)));
  if (H5Sget_simple_extent_ndims(attribute.space) == 0 && values.size() == 1) {
    if (values[0].size() > archive::kMaxTextBytes) return error(Code::kOutOfRange, "'{}' has {} bytes", attribute.name, values[0].size());
    writer.text(attribute.name, std::as_bytes(std::span(values[0])));
    return {};
  }
  for (const std::string& value : values) {
    if (value.size() > archive::kMaxNameBytes)
      return error(Code::kOutOfRange, "'{}' has a string of {} bytes", attribute.name, value.size());
  }
  writer.list(attribute.name, values);
  return {};
}

}  // namespace

Status write_attributes(hid_t object, const std::string& path, RecordWriter& writer) {
  const int count = H5Aget_num_attrs(object);
  if (count < 0) return hdf5_error(path, "has unreadable attributes");
  for (int index = 0; index < count; ++index) {
    const Handle attribute(H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, static_cast<hsize_t>(index), H5P_DEFAULT, H5P_DEFAULT),
                           H5Aclose);
    if (!attribute.ok()) return hdf5_error(path, "has an unreadable attribute");
    const Handle type(H5Aget_type(attribute.id()), H5Tclose), space(H5Aget_space(attribute.id()), H5Sclose);
    if (!type.ok() || !space.ok()) return hdf5_error(path, "has an attribute without type or extent");
    if (H5Tget_class(type.id()) != H5T_STRING) continue;
    std::vector<char> name(archive::kMaxNameBytes);
    if (H5Aget_name(attribute.id(), name.size(), name.data()) < 0) return hdf5_error(path, "has an attribute without name");
    LITEQAT_RETURN_IF_ERROR(
        write_one({path + "@" + text_until_zero(name.data(), name.size()), attribute.id(), type.id(), space.id()}, writer));
  }
  return {};
}

}  // namespace liteqat::formats::archive_reader
