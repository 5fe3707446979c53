// MNIST's IDX files: big-endian u32 magic (0x00000803 images, 0x00000801 labels), one u32 per dimension, then bytes.
#include <zlib.h>

#include <array>

#include "base/file.h"
#include "base/hash.h"
#include "data/dataset.h"

namespace liteqat::data {
namespace {

constexpr uint32_t kImagesMagic = 0x803, kLabelsMagic = 0x801;
constexpr int64_t kMaxImages = 10'000'000;  // MNIST has 70,000; more than this is no MNIST and would ask for 8 GB
constexpr int32_t kSide = 28, kClasses = 10;
constexpr size_t kImagesHeader = 16, kLabelsHeader = 8;

struct LoadedFile {
  std::string path;
  Bytes bytes;  // uncompressed
};

uint32_t big_endian(const Bytes& bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = (value << 8) | std::to_integer<uint32_t>(bytes[offset + i]);
  return value;
}

/// Inflates at most `limit` bytes; a file that holds more is refused rather than inflated.
Result<Bytes> inflate_gzip(const Bytes& compressed, const std::string& path, size_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return error(Code::kInternal, "{}: zlib could not be started", path);
  Bytes out;
  std::array<std::byte, 1 << 16> block;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  int state = Z_OK;
  while (state == Z_OK && out.size() <= limit) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    state = inflate(&stream, Z_NO_FLUSH);
    if (state == Z_OK || state == Z_STREAM_END) out.insert(out.end(), block.begin(), block.end() - stream.avail_out);
    if (state == Z_OK && stream.avail_in == 0 && stream.avail_out != 0) state = Z_BUF_ERROR;  // the input ends early
  }
  const uLong read = stream.total_in;
  inflateEnd(&stream);
  if (out.size() > limit) return error(Code::kCorruptFile, "{}: inflates to more than {} bytes", path, limit);
  if (state != Z_STREAM_END) return error(Code::kCorruptFile, "{}: gzip data are damaged or end early, at byte offset {}", path, read);
  if (read != compressed.size()) return error(Code::kCorruptFile, "{}: {} bytes follow the gzip data", path, compressed.size() - read);
  return out;
}

/// The file `name` or `name`.gz, inflated to at most `limit` bytes; its stored bytes are added to the split's checksum.
Result<LoadedFile> load(const std::string& folder, const std::string& name, size_t limit, Sha256& checksum) {
  for (const char* suffix : {".gz", ""}) {
    LoadedFile file{folder + "/" + name + suffix, {}};
    if (!file_exists(file.path)) continue;
    LITEQAT_ASSIGN_OR_RETURN(file.bytes, read_file(file.path, static_cast<int64_t>(limit)));
    checksum.update(file.bytes);
    if (*suffix != '\0') {
      LITEQAT_ASSIGN_OR_RETURN(file.bytes, inflate_gzip(file.bytes, file.path, limit));
    }
    return file;
  }
  return error(Code::kNotFound, "{}/{}[.gz]: no such file; {} must hold MNIST's four IDX files", folder, name, folder);
}

/// Checks magic and total size; returns the count in the header.
Result<int64_t> check_header(const LoadedFile& file, uint32_t magic, size_t header_bytes, size_t record_bytes) {
  const Bytes& bytes = file.bytes;
  if (bytes.size() < header_bytes) {
    return error(Code::kCorruptFile, "{}: {} bytes, a header of {} was expected at byte offset 0", file.path, bytes.size(), header_bytes);
  }
  if (big_endian(bytes, 0) != magic) {
    return error(Code::kCorruptFile, "{}: magic number 0x{:08x} at byte offset 0, expected 0x{:08x}", file.path, big_endian(bytes, 0), magic);
  }
  const int64_t count = big_endian(bytes, 4);
  if (count < 1 || count > kMaxImages) {
    return error(Code::kCorruptFile, "{}: {} records at byte offset 4, expected 1 to {}", file.path, count, kMaxImages);
  }
  if (magic == kImagesMagic && (big_endian(bytes, 8) != kSide || big_endian(bytes, 12) != kSide)) {
    return error(Code::kCorruptFile, "{}: images of {}x{} at byte offset 8, expected {}x{}", file.path, big_endian(bytes, 8),
                 big_endian(bytes, 12), kSide, kSide);
  }
  const size_t expected = header_bytes + static_cast<size_t>(count) * record_bytes;
  if (bytes.size() != expected) {
    return error(Code::kCorruptFile, "{}: ends at byte offset {}, {} records need {} bytes", file.path, bytes.size(), count, expected);
  }
  return count;
}

Result<Split> read_split(const std::string& folder, const std::string& prefix, const std::string& name) {
  Sha256 checksum;
  const size_t images_limit = kImagesHeader + static_cast<size_t>(kMaxImages) * kSide * kSide;
  LITEQAT_ASSIGN_OR_RETURN(LoadedFile images, load(folder, prefix + "-images-idx3-ubyte", images_limit, checksum));
  LITEQAT_ASSIGN_OR_RETURN(LoadedFile labels, load(folder, prefix + "-labels-idx1-ubyte", kLabelsHeader + kMaxImages, checksum));
  LITEQAT_ASSIGN_OR_RETURN(const int64_t count, check_header(images, kImagesMagic, kImagesHeader, size_t{kSide} * kSide));
  LITEQAT_ASSIGN_OR_RETURN(const int64_t label_count, check_header(labels, kLabelsMagic, kLabelsHeader, 1));
  if (count != label_count) {
    return error(Code::kMismatch, "{}: {} labels at byte offset 4, {} has {} images", labels.path, label_count, images.path, count);
  }
  Split split;
  split.name = name;
  split.count = count;
  split.height = split.width = kSide;
  split.channels = 1;
  const auto* pixels = reinterpret_cast<const uint8_t*>(images.bytes.data()) + kImagesHeader;
  split.pixels.assign(pixels, pixels + count * split.image_elems());
  split.labels.reserve(static_cast<size_t>(count));
  for (size_t i = kLabelsHeader; i < labels.bytes.size(); ++i) {
    const auto label = std::to_integer<int32_t>(labels.bytes[i]);
    if (label >= kClasses) {
      return error(Code::kOutOfRange, "{}: label {} at byte offset {}, expected 0 to {}", labels.path, label, i, kClasses - 1);
    }
    split.labels.push_back(label);
  }
  split.sha256 = checksum.finish();
  return split;
}

}  // namespace

Result<Dataset> read_mnist(const std::string& folder) {
  Dataset dataset;
  dataset.name = "mnist";
  for (int digit = 0; digit < kClasses; ++digit) dataset.class_names.push_back(format("{}", digit));
  LITEQAT_ASSIGN_OR_RETURN(dataset.train, read_split(folder, "train", "train"));
  LITEQAT_ASSIGN_OR_RETURN(dataset.test, read_split(folder, "t10k", "test"));
  return dataset;
}

}  // namespace liteqat::data
