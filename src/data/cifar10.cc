// CIFAR-10's binary version: records of one label byte and 3,072 pixel bytes, channel by channel, row by row.
#include <algorithm>
#include <string_view>

#include "base/file.h"
#include "data/dataset.h"
#include "hash/sha256.h"

namespace liteqat::data {
namespace {

constexpr int32_t kSide = 32, kChannels = 3, kClasses = 10;
constexpr size_t kPlane = size_t{kSide} * kSide;
constexpr size_t kRecordBytes = 1 + kChannels * kPlane;
constexpr int64_t kMaxFileBytes = int64_t{1} << 30;

/// Record at `offset` into image `index`: planes to interleaved pixels.
Status copy_record(const Bytes& bytes, size_t offset, const std::string& path, size_t index, Split& split) {
  const auto label = std::to_integer<int32_t>(bytes[offset]);
  if (label >= kClasses) {
    return error(Code::kOutOfRange, "{}: label {} at byte offset {}, expected 0 to {}", path, label, offset, kClasses - 1);
  }
  split.labels[index] = label;
  const auto* planes = reinterpret_cast<const uint8_t*>(bytes.data()) + offset + 1;
  uint8_t* image = split.pixels.data() + index * kChannels * kPlane;
  for (size_t pixel = 0; pixel < kPlane; ++pixel) {
    for (size_t channel = 0; channel < kChannels; ++channel) image[pixel * kChannels + channel] = planes[channel * kPlane + pixel];
  }
  return {};
}

Status append_file(const std::string& path, Sha256& checksum, Split& split) {
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path, kMaxFileBytes));
  if (bytes.empty() || bytes.size() % kRecordBytes != 0) {
    return error(Code::kCorruptFile, "{}: {} bytes, expected a whole number of records of {}; an incomplete one starts at byte offset {}",
                 path, bytes.size(), kRecordBytes, bytes.size() / kRecordBytes * kRecordBytes);
  }
  checksum.update(bytes);
  auto index = static_cast<size_t>(split.count);
  split.count += static_cast<int64_t>(bytes.size() / kRecordBytes);
  split.pixels.resize(static_cast<size_t>(split.count * split.image_elems()));
  split.labels.resize(static_cast<size_t>(split.count));
  for (size_t offset = 0; offset < bytes.size(); offset += kRecordBytes, ++index) {
    LITEQAT_RETURN_IF_ERROR(copy_record(bytes, offset, path, index, split));
  }
  return {};
}

Result<Split> read_split(const std::vector<std::string>& paths, const std::string& name) {
  Split split;
  split.name = name;
  split.height = split.width = kSide;
  split.channels = kChannels;
  Sha256 checksum;
  for (const std::string& path : paths) LITEQAT_RETURN_IF_ERROR(append_file(path, checksum, split));
  split.sha256 = checksum.finish();
  return split;
}

/// Well-formed UTF-8 (RFC 3629) without control characters: names go into model metadata and reports.
bool is_printable(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xC2 && lead < 0xE0 ? 2
                          : lead >= 0xE0 && lead < 0xF0 ? 3
                          : lead >= 0xF0 && lead < 0xF5 ? 4
                                                        : 0;
    if (length == 0 || length > text.size() - i || lead < 0x20 || lead == 0x7F) return false;
    uint32_t code = length == 1 ? lead : lead & (0x7Fu >> length);
    for (size_t k = 1; k < length; ++k) {
      const auto next = static_cast<uint8_t>(text[i + k]);
      if ((next & 0xC0) != 0x80) return false;
      code = (code << 6) | (next & 0x3Fu);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    if (overlong || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF || (code >= 0x80 && code < 0xA0)) return false;
    i += length;
  }
  return true;
}

/// batches.meta.txt: one name a line. The names are part of the data set's definition, so a file with another number of them is damaged.
Result<std::vector<std::string>> read_class_names(const std::string& path) {
  if (!file_exists(path)) {
    return std::vector<std::string>{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  }
  LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_text_file(path, 1 << 16));
  std::vector<std::string> names;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!is_printable(line)) {
      return error(Code::kCorruptFile, "{}: the name on the line at byte offset {} is no printable text in UTF-8", path, begin);
    }
    if (!line.empty()) names.push_back(line);
    begin = end + 1;
  }
  if (names.size() != kClasses) return error(Code::kCorruptFile, "{}: {} class names, expected {}", path, names.size(), kClasses);
  return names;
}

}  // namespace

Result<Dataset> read_cifar10(const std::string& folder, TrainingImages training) {
  Dataset dataset;
  dataset.name = "cifar10";
  LITEQAT_ASSIGN_OR_RETURN(dataset.class_names, read_class_names(folder + "/batches.meta.txt"));
  std::vector<std::string> train;
  for (int batch = 1; batch <= 5; ++batch) train.push_back(format("{}/data_batch_{}.bin", folder, batch));
  const bool trains = training == TrainingImages::kRequired || std::any_of(train.begin(), train.end(), file_exists);
  if (trains) {
    LITEQAT_ASSIGN_OR_RETURN(dataset.train, read_split(train, "train"));
  }
  LITEQAT_ASSIGN_OR_RETURN(dataset.test, read_split({folder + "/test_batch.bin"}, "test"));
  if (!trains) dataset.train = make_empty_split(dataset.test, "train");
  return dataset;
}

}  // namespace liteqat::data
