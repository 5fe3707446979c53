#include "fetch/archive.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

namespace liteqat::fetch {
namespace {

constexpr size_t kBlock = 512, kChunk = 1 << 20;

/// zlib's stream, ended with the object.
struct Inflater {
  Inflater() { ready = inflateInit2(&stream, 15 + 16) == Z_OK; }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
  z_stream stream{};
  bool ready = false;
};

std::string text_field(std::span<const std::byte> header, size_t at, size_t size) {
  const auto* begin = reinterpret_cast<const char*>(header.data()) + at;
  return {begin, std::find(begin, begin + size, '\0')};
}

/// An octal number; -1 for anything else.
int64_t octal_field(std::span<const std::byte> header, size_t at, size_t size) {
  int64_t value = 0;
  bool any = false;
  for (const char c : text_field(header, at, size)) {
    if (c == ' ' && !any) continue;
    if (c == ' ') break;
    if (c < '0' || c > '7') return -1;
    value = value * 8 + (c - '0');
    any = true;
  }
  return any ? value : -1;
}

/// The sum of the header's bytes with its own field as blanks.
bool adds_up(std::span<const std::byte> header) {
  int64_t sum = 0;
  for (size_t i = 0; i < kBlock; ++i) sum += i >= 148 && i < 156 ? ' ' : std::to_integer<int64_t>(header[i]);
  return sum == octal_field(header, 148, 8);
}

}  // namespace

Result<Bytes> inflate_gzip(std::span<const std::byte> bytes, int64_t max_bytes, const std::string& path) {
  Inflater inflater;
  if (!inflater.ready) return Status(Code::kInternal, "zlib could not be started");
  z_stream& stream = inflater.stream;
  Bytes out;
  size_t taken = 0;
  for (int state = Z_OK; state != Z_STREAM_END;) {
    if (stream.avail_in == 0) {
      const size_t size = std::min(kChunk, bytes.size() - taken);
      stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data() + taken));
      stream.avail_in = static_cast<uInt>(size);
      taken += size;
    }
    const size_t before = out.size();
    out.resize(before + kChunk);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(kChunk);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + kChunk - stream.avail_out);
    if (static_cast<int64_t>(out.size()) > max_bytes) return error(Code::kOutOfRange, "{}: unpacks to more than {} bytes", path, max_bytes);
    const bool stuck = state == Z_BUF_ERROR || (state == Z_OK && stream.avail_in == 0 && taken == bytes.size() && stream.avail_out > 0);
    if (stuck || (state != Z_OK && state != Z_STREAM_END)) {
      return error(Code::kCorruptFile, "{}: no gzip data, or not all of them ({})", path,
                   stream.msg != nullptr ? stream.msg : "they end early");
    }
  }
  return out;
}

Result<std::map<std::string, std::span<const std::byte>>> list_tar(std::span<const std::byte> bytes, const std::string& path) {
  std::map<std::string, std::span<const std::byte>> files;
  for (size_t at = 0; bytes.size() - at >= kBlock;) {
    const auto header = bytes.subspan(at, kBlock);
    if (std::all_of(header.begin(), header.end(), [](std::byte byte) { return byte == std::byte{0}; })) return files;
    const int64_t size = octal_field(header, 124, 12);
    if (!adds_up(header) || size < 0) return error(Code::kCorruptFile, "{}: no tar header at byte offset {}", path, at);
    const size_t data = at + kBlock;
    if (static_cast<uint64_t>(size) > bytes.size() - data) {
      return error(Code::kCorruptFile, "{}: the file at byte offset {} has {} bytes, {} are left", path, at, size, bytes.size() - data);
    }
    const auto kind = std::to_integer<char>(header[156]);
    if (kind == '0' || kind == '\0') {
      const std::string name = text_field(header, 0, 100);
      const auto own = bytes.subspan(data, static_cast<size_t>(size));
      const bool added = files.emplace(name.substr(name.rfind('/') + 1), own).second;
      if (!added) return error(Code::kCorruptFile, "{}: {} stands twice, again at byte offset {}", path, name, at);
    }
    const size_t blocks = (static_cast<size_t>(size) + kBlock - 1) / kBlock;
    at = std::min(data + blocks * kBlock, bytes.size());
  }
  return error(Code::kCorruptFile, "{}: ends without the empty block that ends a tar archive", path);
}

}  // namespace liteqat::fetch
