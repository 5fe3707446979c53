#include "formats/npy/npz.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace liteqat::formats::npy {
namespace {

// Signatures and field offsets: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16.
constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr size_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kLocatorBytes = 20, kEnd64Bytes = 56, kMaxComment = 65535;
constexpr uint64_t kNone32 = 0xFFFFFFFF, kNone16 = 0xFFFF;
constexpr uint64_t kMaxUnpacked = uint64_t{4} << 30;  // all members together
constexpr uint64_t kMaxExpansion = 1032;              // deflate's largest ratio (zlib's technical notes)

struct Member {
  std::string name;
  uint64_t method = 0, flags = 0, crc = 0, stored_bytes = 0, bytes = 0, local_at = 0;
};

class Archive {
 public:
  Archive(std::span<const std::byte> bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  Result<std::map<std::string, Array>> read() {
    LITEQAT_RETURN_IF_ERROR(find_directory());
    std::map<std::string, Array> arrays;
    for (uint64_t i = 0; i < members_; ++i) {
      LITEQAT_ASSIGN_OR_RETURN(const Member member, read_member());
      if (!member.name.ends_with(".npy")) continue;
      Bytes inflated;
      LITEQAT_ASSIGN_OR_RETURN(const std::span<const std::byte> content, extract(member, inflated));
      LITEQAT_ASSIGN_OR_RETURN(Array array, npy::read(content, path_ + ":" + member.name));
      arrays.insert_or_assign(member.name.substr(0, member.name.size() - 4), std::move(array));
    }
    if (arrays.empty()) return error(Code::kCorruptFile, "{}: the archive holds no .npy member", path_);
    return arrays;
  }

 private:
  Status corrupt(uint64_t offset, const std::string& what) const {
    return error(Code::kCorruptFile, "{}: offset {}: damaged .npz archive: {}", path_, offset, what);
  }
  bool holds(uint64_t offset, uint64_t count) const { return offset <= bytes_.size() && count <= bytes_.size() - offset; }
  /// Little-endian. Requires: holds(offset, count).
  uint64_t number(uint64_t offset, size_t count) const {
    uint64_t value = 0;
    for (size_t i = count; i-- > 0;) value = value << 8 | std::to_integer<uint64_t>(bytes_[offset + i]);
    return value;
  }

  Status find_directory() {
    if (!holds(0, kEndBytes)) return corrupt(0, format("{} bytes are too few", bytes_.size()));
    const uint64_t last = bytes_.size() - kEndBytes;
    uint64_t at = last;
    while (number(at, 4) != kEnd) {
      if (at == 0 || last - at >= kMaxComment) return corrupt(last, "no end of central directory");
      --at;
    }
    members_ = number(at + 10, 2);
    cursor_ = number(at + 16, 4);
    if (cursor_ != kNone32 && members_ != kNone16) return {};
    if (at < kLocatorBytes || number(at - kLocatorBytes, 4) != kLocator64) return corrupt(at, "no ZIP64 locator");
    const uint64_t end64 = number(at - kLocatorBytes + 8, 8);
    if (!holds(end64, kEnd64Bytes) || number(end64, 4) != kEnd64) return corrupt(end64, "no ZIP64 end of central directory");
    members_ = number(end64 + 32, 8);
    cursor_ = number(end64 + 48, 8);
    return {};
  }

  Result<Member> read_member() {
    const uint64_t at = cursor_;
    if (!holds(at, kCentralBytes) || number(at, 4) != kCentral) return corrupt(at, "a central directory entry was expected");
    const uint64_t name_bytes = number(at + 28, 2), extra_bytes = number(at + 30, 2), comment_bytes = number(at + 32, 2);
    if (!holds(at + kCentralBytes, name_bytes + extra_bytes + comment_bytes)) return corrupt(at, "an entry passes the end of the file");
    Member member;
    member.flags = number(at + 8, 2);
    member.method = number(at + 10, 2);
    member.crc = number(at + 16, 4);
    member.stored_bytes = number(at + 20, 4);
    member.bytes = number(at + 24, 4);
    member.local_at = number(at + 42, 4);
    const auto* name = reinterpret_cast<const char*>(bytes_.data() + at + kCentralBytes);
    member.name.assign(name, name_bytes);
    read_zip64(at + kCentralBytes + name_bytes, extra_bytes, member);
    cursor_ = at + kCentralBytes + name_bytes + extra_bytes + comment_bytes;
    return member;
  }

  /// The extra field 1 holds, in this order, those 64-bit values whose 32-bit field is all ones (APPNOTE 4.5.3).
  void read_zip64(uint64_t at, uint64_t extra_bytes, Member& member) const {
    const uint64_t end = at + extra_bytes;
    while (at + 4 <= end) {
      const uint64_t id = number(at, 2), size = number(at + 2, 2);
      uint64_t field = at + 4;
      const uint64_t stop = std::min(end, field + size);
      for (uint64_t* value : {&member.bytes, &member.stored_bytes, &member.local_at}) {
        if (id != 1 || *value != kNone32 || field + 8 > stop) continue;
        *value = number(field, 8);
        field += 8;
      }
      at += 4 + size;
    }
  }

  /// A stored member where it stands in the archive, another one in `inflated`.
  Result<std::span<const std::byte>> extract(const Member& member, Bytes& inflated) {
    if (member.flags & 1) return error(Code::kUnsupported, "{}: member '{}' is encrypted", path_, member.name);
    if (!holds(member.local_at, kLocalBytes) || number(member.local_at, 4) != kLocal) {
      return corrupt(member.local_at, format("no local header of '{}'", member.name));
    }
    const uint64_t at = member.local_at + kLocalBytes + number(member.local_at + 26, 2) + number(member.local_at + 28, 2);
    if (!holds(at, member.stored_bytes)) return corrupt(at, format("'{}' passes the end of the file", member.name));
    // Many entries of the directory may claim the same bytes, to be unpacked again and again.
    if (member.stored_bytes > bytes_.size() - stored_) return corrupt(at, format("'{}' shares its bytes with other members", member.name));
    stored_ += member.stored_bytes;
    if (member.bytes / kMaxExpansion > member.stored_bytes) {
      return corrupt(at, format("'{}' cannot hold {} bytes", member.name, member.bytes));
    }
    if (member.bytes > kMaxUnpacked - unpacked_) {
      return error(Code::kOutOfRange, "{}: with member '{}' of {} bytes the archive unpacks to more than {}", path_, member.name,
                   member.bytes, kMaxUnpacked);
    }
    unpacked_ += member.bytes;
    auto content = bytes_.subspan(at, member.stored_bytes);
    if (member.method == 8) {
      inflated.resize(member.bytes);
      if (!inflate_raw(content, inflated)) return corrupt(at, format("'{}' does not inflate to {} bytes", member.name, member.bytes));
      content = inflated;
    } else if (member.method != 0 || member.bytes != member.stored_bytes) {
      return error(Code::kUnsupported, "{}: member '{}' is compressed by method {}; stored and deflate are read", path_, member.name,
                   member.method);
    }
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
    if (crc != member.crc) return corrupt(at, format("the CRC-32 of '{}' is {:08x}, {:08x} was expected", member.name, crc, member.crc));
    return content;
  }

  static bool inflate_raw(std::span<const std::byte> stored, Bytes& content) {
    z_stream stream = {};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
    size_t read = 0, written = 0;
    int state = Z_OK;
    while (state == Z_OK) {
      constexpr size_t kStep = std::numeric_limits<uInt>::max();
      const auto in = static_cast<uInt>(std::min(kStep, stored.size() - read));
      const auto out = static_cast<uInt>(std::min(kStep, content.size() - written));
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(stored.data() + read));
      stream.avail_in = in;
      stream.next_out = reinterpret_cast<Bytef*>(content.data() + written);
      stream.avail_out = out;
      state = inflate(&stream, Z_NO_FLUSH);
      read += in - stream.avail_in;
      written += out - stream.avail_out;
      if (state == Z_OK && in == stream.avail_in && out == stream.avail_out) break;
    }
    inflateEnd(&stream);
    return state == Z_STREAM_END && written == content.size();
  }

  std::span<const std::byte> bytes_;
  const std::string& path_;
  uint64_t members_ = 0, cursor_ = 0;
  uint64_t stored_ = 0, unpacked_ = 0;  // of the members so far
};

}  // namespace

bool is_npz(std::span<const std::byte> bytes) {
  return bytes.size() >= 4 && bytes[0] == std::byte{'P'} && bytes[1] == std::byte{'K'};
}

Result<std::map<std::string, Array>> read_npz(std::span<const std::byte> bytes, const std::string& path_for_messages) {
  return Archive(bytes, path_for_messages).read();
}

}  // namespace liteqat::formats::npy
