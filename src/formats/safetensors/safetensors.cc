#include "formats/safetensors/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/checked.h"
#include "hash/sha256.h"

namespace liteqat::formats::safetensors {
namespace {

using graph::DType;
using Json = nlohmann::json;

constexpr size_t kMaxHeader = 100'000'000;  // the format's own limit (safetensors README)
constexpr size_t kAlignment = 8;            // the header is padded with spaces so that the data begin aligned
constexpr const char* kMetadataKey = "__metadata__";
constexpr const char* kChecksumKey = "sha256";

struct TypeName {
  const char* name;
  DType type;
  int64_t bytes;
};
constexpr std::array<TypeName, 8> kTypes = {{{"F32", DType::kFloat32, 4},
                                             {"F16", DType::kFloat16, 2},
                                             {"I8", DType::kInt8, 1},
                                             {"U8", DType::kUInt8, 1},
                                             {"I16", DType::kInt16, 2},
                                             {"I32", DType::kInt32, 4},
                                             {"I64", DType::kInt64, 8},
                                             {"BOOL", DType::kBool, 1}}};

const TypeName& describe_type(DType type) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [type](const TypeName& entry) { return entry.type == type; });
  LITEQAT_CHECK(found != kTypes.end());
  return *found;
}

struct Extent {
  int64_t begin, end;
  std::string name;
  auto operator<=>(const Extent&) const = default;
};

// JSON text to a value. A key that stands twice is refused: readers differ on which one counts.
Result<Json> parse_header(std::string_view text, const std::string& path) {
  std::vector<std::set<std::string>> keys;
  std::string repeated;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) {
      keys.resize(static_cast<size_t>(depth) + 1);
      keys.back().clear();
    } else if (event == Json::parse_event_t::key) {
      keys.resize(static_cast<size_t>(depth));
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second) repeated = key;
    }
    return true;
  };
  try {
    Json header = Json::parse(text, watch);
    if (!repeated.empty()) return error(Code::kCorruptFile, "{}: key '{}' stands twice in the safetensors header", path, repeated);
    if (!header.is_object()) return error(Code::kCorruptFile, "{}: offset 8: the safetensors header is not a JSON object", path);
    return header;
  } catch (const Json::parse_error& fault) {
    return error(Code::kCorruptFile, "{}: offset {}: the safetensors header is not valid JSON", path, 8 + fault.byte);
  } catch (const Json::exception& fault) {
    return error(Code::kCorruptFile, "{}: the safetensors header cannot be read: {}", path, fault.what());
  }
}

class Reader {
 public:
  Reader(std::span<const std::byte> data, const std::string& path) : data_(data), path_(path) {}

  Result<File> read(const Json& header) {
    File file;
    for (const auto& [name, entry] : header.items()) {
      if (name == kMetadataKey) {
        LITEQAT_RETURN_IF_ERROR(read_metadata(entry, file.metadata));
      } else {
        LITEQAT_RETURN_IF_ERROR(read_array(name, entry, file.arrays[name]));
      }
    }
    LITEQAT_RETURN_IF_ERROR(check_tiling());
    const auto checksum = file.metadata.find(kChecksumKey);
    if (checksum != file.metadata.end()) {
      const std::string found = sha256(data_);
      if (found != checksum->second) {
        return error(Code::kCorruptFile, "{}: the data's SHA-256 is {}, the header says {}: the file was damaged after it was written",
                     path_, found, checksum->second);
      }
    }
    return file;
  }

 private:
  Status corrupt(const std::string& name, const std::string& what) const {
    return error(Code::kCorruptFile, "{}: array '{}': {}", path_, name, what);
  }

  Status read_metadata(const Json& entry, std::map<std::string, std::string>& metadata) const {
    if (!entry.is_object()) return error(Code::kCorruptFile, "{}: '{}' is not an object", path_, kMetadataKey);
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) return error(Code::kCorruptFile, "{}: metadata '{}' is not a string", path_, key);
      metadata[key] = value.get<std::string>();
    }
    return Status();
  }

  // The integers of a JSON array; empty unless all are in [0, 2^63).
  static std::optional<std::vector<int64_t>> read_integers(const Json& list) {
    if (!list.is_array()) return std::nullopt;
    std::vector<int64_t> values;
    for (const Json& value : list) {
      if (!value.is_number_unsigned() || value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
      values.push_back(value.get<int64_t>());
    }
    return values;
  }

  Status read_array(const std::string& name, const Json& entry, Array& array) {
    if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
        !entry.contains("data_offsets") || !entry["dtype"].is_string()) {
      return corrupt(name, "the entry must hold exactly 'dtype', 'shape' and 'data_offsets'");
    }
    const auto& type_name = entry["dtype"].get_ref<const std::string&>();
    const auto type = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeName& known) { return type_name == known.name; });
    if (type == kTypes.end()) {
      return error(Code::kUnsupported, "{}: array '{}': element type '{}' is not read; save it as F32 or an integer type", path_, name,
                   type_name);
    }
    auto shape = read_integers(entry["shape"]);
    if (!shape) return corrupt(name, "'shape' must be a list of integers from 0 to 2^63-1");
    const auto count = checked_product(std::span<const int64_t>(*shape));
    const auto expected = count ? checked_mul(*count, type->bytes) : std::nullopt;
    const auto offsets = read_integers(entry["data_offsets"]);
    if (!offsets || offsets->size() != 2 || (*offsets)[0] > (*offsets)[1] || (*offsets)[1] > static_cast<int64_t>(data_.size())) {
      return corrupt(
          name, format("'data_offsets' {} must be [begin, end] inside the {} bytes of data", entry["data_offsets"].dump(), data_.size()));
    }
    const int64_t begin = (*offsets)[0], end = (*offsets)[1];
    if (!expected || *expected != end - begin) {
      return corrupt(name, format("shape {} of {} needs {} bytes, 'data_offsets' span {}", entry["shape"].dump(), type_name,
                                  expected ? std::to_string(*expected) : "too many", end - begin));
    }
    const auto part = data_.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    array = {type->type, std::move(*shape), Bytes(part.begin(), part.end())};
    extents_.push_back({begin, end, name});
    return Status();
  }

  Status check_tiling() {
    std::sort(extents_.begin(), extents_.end());
    int64_t covered = 0;
    for (const Extent& extent : extents_) {
      if (extent.begin != covered) {
        return corrupt(extent.name, format("data begin at {}, but the arrays before it end at {}: holes and overlaps are not allowed",
                                           extent.begin, covered));
      }
      covered = extent.end;
    }
    if (covered == static_cast<int64_t>(data_.size())) return Status();
    return error(Code::kCorruptFile, "{}: the arrays cover {} bytes of data, the file holds {}", path_, covered, data_.size());
  }

  std::span<const std::byte> data_;
  const std::string& path_;
  std::vector<Extent> extents_;
};

}  // namespace

Bytes write(const File& file) {
  Bytes data;
  Json header = Json::object();
  for (const auto& [name, array] : file.arrays) {
    LITEQAT_CHECK(name != kMetadataKey);
    const TypeName& type = describe_type(array.type);
    const auto count = checked_product(std::span<const int64_t>(array.shape));
    LITEQAT_CHECK(count.has_value());
    LITEQAT_CHECK_EQ(static_cast<int64_t>(array.data.size()), *count * type.bytes);
    header[name] = {{"dtype", type.name}, {"shape", array.shape}, {"data_offsets", {data.size(), data.size() + array.data.size()}}};
    data.insert(data.end(), array.data.begin(), array.data.end());
  }
  Json& metadata = header[kMetadataKey] = Json::object();
  for (const auto& [key, value] : file.metadata) metadata[key] = value;
  metadata[kChecksumKey] = sha256(data);

  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  LITEQAT_CHECK_LE(text.size(), kMaxHeader);
  Bytes bytes(8 + text.size());
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(text.size() >> (8 * i));
  std::memcpy(bytes.data() + 8, text.data(), text.size());
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

Result<File> read(std::span<const std::byte> bytes, const std::string& path_for_messages) {
  if (bytes.size() < 8) {
    return error(Code::kCorruptFile, "{}: not a safetensors file: {} bytes, fewer than the length field", path_for_messages, bytes.size());
  }
  uint64_t length = 0;
  for (size_t i = 8; i-- > 0;) length = (length << 8) | std::to_integer<uint64_t>(bytes[i]);
  if (length > kMaxHeader || length > bytes.size() - 8) {
    return error(Code::kCorruptFile, "{}: offset 0: header length {}; at most {} and what the file holds ({}) is possible",
                 path_for_messages, length, kMaxHeader, bytes.size() - 8);
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8, length);
  if (!text.starts_with('{')) return error(Code::kCorruptFile, "{}: offset 8: the header does not begin with '{{'", path_for_messages);
  LITEQAT_ASSIGN_OR_RETURN(const Json header, parse_header(text, path_for_messages));
  return Reader(bytes.subspan(8 + length), path_for_messages).read(header);
}

}  // namespace liteqat::formats::safetensors
