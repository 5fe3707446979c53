// MNIST's IDX files: big-endian u32 magic (0x00000803 images, 0x00000801 labels), one u32 per dimension, then bytes.
#include <zlib.h>

#include <algorithm>
#include <array>

#include "base/file.h"
#include "data/dataset.h"
#include "hash/sha256.h"

namespace liteqat::data {
namespace {

constexpr int64_t kMaxImages = 1'000'000;  // MNIST has 70,000, EMNIST 814,255; more would let a small gzip file ask for gigabytes
constexpr int32_t kDigitSide = 28, kDigits = 10;
constexpr size_t kLongestHeader = 16;

/// What one kind of IDX file must look like.
struct IdxKind {
  const char* suffix;
  uint32_t magic;
  size_t header_bytes;
  size_t record_bytes;
};
constexpr IdxKind kImages = {"-images-idx3-ubyte", 0x803, 16, size_t{kDigitSide} * kDigitSide};
constexpr IdxKind kLabels = {"-labels-idx1-ubyte", 0x801, 8, 1};
constexpr int64_t kMaxUnpackedBytes = kLongestHeader + kMaxImages * kDigitSide * kDigitSide;

struct IdxFile {
  std::string name;  // for messages: the path, and whether offsets count uncompressed bytes
  int64_t count = 0;
  Bytes bytes;  // uncompressed, header included
};

uint32_t big_endian(const Bytes& bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = (value << 8) | std::to_integer<uint32_t>(bytes[offset + i]);
  return value;
}

/// Checks the header in the first bytes of a file; returns the number of records that it announces.
Result<int64_t> parse_header(const Bytes& bytes, const IdxKind& kind, const std::string& name) {
  if (bytes.size() < kind.header_bytes) {
    return error(Code::kCorruptFile, "{}: ends at byte offset {}, a header of {} bytes was expected", name, bytes.size(),
                 kind.header_bytes);
  }
  if (big_endian(bytes, 0) != kind.magic) {
    return error(Code::kCorruptFile, "{}: magic number 0x{:08x} at byte offset 0, expected 0x{:08x}", name, big_endian(bytes, 0),
                 kind.magic);
  }
  const int64_t count = big_endian(bytes, 4);
  if (count < 1 || count > kMaxImages) {
    return error(Code::kCorruptFile, "{}: {} records at byte offset 4, expected 1 to {}", name, count, kMaxImages);
  }
  if (kind.magic == kImages.magic && (big_endian(bytes, 8) != kDigitSide || big_endian(bytes, 12) != kDigitSide)) {
    return error(Code::kCorruptFile, "{}: images of {}x{} at byte offset 8, expected {}x{}", name, big_endian(bytes, 8),
                 big_endian(bytes, 12), kDigitSide, kDigitSide);
  }
  return count;
}

size_t file_bytes(const IdxKind& kind, int64_t count) {
  return kind.header_bytes + static_cast<size_t>(count) * kind.record_bytes;
}

/// Inflates piece by piece, never further than asked.
class Gunzip {
 public:
  /// Requires: both outlive the object; at most kMaxUnpackedBytes, which fit zlib's 32-bit counter.
  Gunzip(const Bytes& compressed, const std::string& path) : path_(path) {
    started_ = inflateInit2(&stream_, 16 + MAX_WBITS) == Z_OK;  // 16: a gzip header is required
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(compressed.data()));
    stream_.avail_in = static_cast<uInt>(compressed.size());
  }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;
  ~Gunzip() {
    if (started_) inflateEnd(&stream_);
  }

  /// Appends to `out` until it has `size` bytes or the data end. Fails: kCorruptFile on damage, a wrong checksum and bytes after the end.
  Status inflate_to(size_t size, Bytes& out) {
    if (!started_) return error(Code::kInternal, "{}: zlib could not be started", path_);
    std::array<std::byte, 1 << 16> block;
    while (!ended_ && out.size() < size) {
      const size_t room = std::min(block.size(), size - out.size());
      stream_.next_out = reinterpret_cast<Bytef*>(block.data());
      stream_.avail_out = static_cast<uInt>(room);
      const int state = inflate(&stream_, Z_NO_FLUSH);
      const size_t got = room - stream_.avail_out;
      out.insert(out.end(), block.begin(), block.begin() + static_cast<ptrdiff_t>(got));
      ended_ = state == Z_STREAM_END;
      // Z_BUF_ERROR, or nothing gained from the last input: the file ends inside the stream.
      if (!ended_ && (state != Z_OK || (stream_.avail_in == 0 && got < room))) {
        return error(Code::kCorruptFile, "{}: gzip data are {} at byte offset {}", path_,
                     state == Z_OK || state == Z_BUF_ERROR ? "cut off" : "damaged", static_cast<uint64_t>(stream_.total_in));
      }
    }
    if (ended_ && stream_.avail_in != 0) {
      return error(Code::kCorruptFile, "{}: {} bytes follow the gzip data, which end at byte offset {}", path_, stream_.avail_in,
                   static_cast<uint64_t>(stream_.total_in));
    }
    return {};
  }

 private:
  const std::string& path_;
  z_stream stream_{};
  bool started_ = false, ended_ = false;
};

/// Header first: it says how much may be inflated, so that a few compressed bytes cannot ask for all memory.
Result<IdxFile> parse_gzip(const Bytes& compressed, const IdxKind& kind, const std::string& path) {
  IdxFile file{path + " (uncompressed)", 0, {}};
  Gunzip gunzip(compressed, path);
  LITEQAT_RETURN_IF_ERROR(gunzip.inflate_to(kind.header_bytes, file.bytes));
  LITEQAT_ASSIGN_OR_RETURN(file.count, parse_header(file.bytes, kind, file.name));
  const size_t expected = file_bytes(kind, file.count);
  LITEQAT_RETURN_IF_ERROR(gunzip.inflate_to(expected + 1, file.bytes));
  if (file.bytes.size() > expected) {
    return error(Code::kCorruptFile, "{}: goes on after byte offset {}, where its {} records end", file.name, expected, file.count);
  }
  return file;
}

/// The file `prefix` + suffix, with or without .gz; its stored bytes are added to the split's checksum.
Result<IdxFile> load(const std::string& folder, const std::string& prefix, const IdxKind& kind, Sha256& checksum) {
  const std::string plain = folder + "/" + prefix + kind.suffix, compressed = plain + ".gz";
  const bool is_compressed = file_exists(compressed);
  if (!is_compressed && !file_exists(plain)) {
    return error(Code::kNotFound, "{}[.gz]: no such file; {} must hold MNIST's four IDX files", plain, folder);
  }
  LITEQAT_ASSIGN_OR_RETURN(Bytes stored, read_file(is_compressed ? compressed : plain, kMaxUnpackedBytes));
  checksum.update(stored);
  IdxFile file{plain, 0, {}};
  if (is_compressed) {
    LITEQAT_ASSIGN_OR_RETURN(file, parse_gzip(stored, kind, compressed));
  } else {
    LITEQAT_ASSIGN_OR_RETURN(file.count, parse_header(stored, kind, plain));
    file.bytes = std::move(stored);
  }
  const size_t expected = file_bytes(kind, file.count);
  if (file.bytes.size() != expected) {
    return error(Code::kCorruptFile, "{}: ends at byte offset {}, {} records need {} bytes", file.name, file.bytes.size(), file.count,
                 expected);
  }
  return file;
}

Result<Split> read_split(const std::string& folder, const std::string& prefix, const std::string& name) {
  Sha256 checksum;
  LITEQAT_ASSIGN_OR_RETURN(const IdxFile images, load(folder, prefix, kImages, checksum));
  LITEQAT_ASSIGN_OR_RETURN(const IdxFile labels, load(folder, prefix, kLabels, checksum));
  if (images.count != labels.count) {
    return error(Code::kMismatch, "{}: {} labels at byte offset 4, {} has {} images", labels.name, labels.count, images.name, images.count);
  }
  Split split;
  split.name = name;
  split.count = images.count;
  split.height = split.width = kDigitSide;
  split.channels = 1;
  const auto* pixels = reinterpret_cast<const uint8_t*>(images.bytes.data()) + kImages.header_bytes;
  split.pixels.assign(pixels, pixels + split.count * split.image_elems());
  split.labels.reserve(static_cast<size_t>(split.count));
  for (size_t i = kLabels.header_bytes; i < labels.bytes.size(); ++i) {
    const auto label = std::to_integer<int32_t>(labels.bytes[i]);
    if (label >= kDigits) {
      return error(Code::kOutOfRange, "{}: label {} at byte offset {}, expected 0 to {}", labels.name, label, i, kDigits - 1);
    }
    split.labels.push_back(label);
  }
  split.sha256 = checksum.finish();
  return split;
}

bool holds_any(const std::string& folder, const std::string& prefix) {
  for (const IdxKind* kind : {&kImages, &kLabels}) {
    const std::string path = folder + "/" + prefix + kind->suffix;
    if (file_exists(path) || file_exists(path + ".gz")) return true;
  }
  return false;
}

}  // namespace

Result<Dataset> read_mnist(const std::string& folder, TrainingImages training) {
  Dataset dataset;
  dataset.name = "mnist";
  for (int digit = 0; digit < kDigits; ++digit) dataset.class_names.push_back(format("{}", digit));
  const bool trains = training == TrainingImages::kRequired || holds_any(folder, "train");
  if (trains) {
    LITEQAT_ASSIGN_OR_RETURN(dataset.train, read_split(folder, "train", "train"));
  }
  LITEQAT_ASSIGN_OR_RETURN(dataset.test, read_split(folder, "t10k", "test"));
  if (!trains) dataset.train = make_empty_split(dataset.test, "train");
  return dataset;
}

}  // namespace liteqat::data
