#include <zlib.h>

#include <algorithm>

#include "formats/npy/npz.h"

namespace liteqat::formats::npy {
namespace {

// Signatures and fields: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory) and 4.3.16 (its end).
constexpr uint64_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr uint64_t kVersion = 20, kUtf8 = 1 << 11, kFirstDate = (0 << 9) | (1 << 5) | 1;  // 1980-01-01
constexpr size_t kMostBytes = 0xFFFFFFFF, kMostMembers = 0xFFFF, kLongestName = 0xFFFF;

class Writer {
 public:
  /// Little-endian.
  void number(uint64_t value, size_t count) {
    for (size_t i = 0; i < count; ++i) bytes_.push_back(static_cast<std::byte>(value >> (8 * i) & 0xFF));
  }
  void append(std::span<const std::byte> content) { bytes_.insert(bytes_.end(), content.begin(), content.end()); }
  void append(const std::string& text) { append(std::as_bytes(std::span(text))); }
  size_t size() const { return bytes_.size(); }
  Bytes& bytes() { return bytes_; }

 private:
  Bytes bytes_;
};

struct Member {
  std::string name;
  uint64_t crc = 0, bytes = 0, at = 0;
};

/// What the local header and the directory say of a member alike.
void append_fields(const Member& member, Writer& out) {
  out.number(kVersion, 2);
  const bool ascii = std::ranges::all_of(member.name, [](char letter) { return static_cast<unsigned char>(letter) < 0x80; });
  out.number(ascii ? 0 : kUtf8, 2);
  out.number(0, 2);  // stored
  out.number(0, 2);  // midnight
  out.number(kFirstDate, 2);
  out.number(member.crc, 4);
  out.number(member.bytes, 4);
  out.number(member.bytes, 4);
  out.number(member.name.size(), 2);
  out.number(0, 2);  // no extra field
}

void append_directory(const std::vector<Member>& members, Writer& out) {
  const size_t begin = out.size();
  for (const Member& member : members) {
    out.number(kCentral, 4);
    out.number(kVersion, 2);
    append_fields(member, out);
    out.number(0, 2);  // no comment
    out.number(0, 2);  // first disk
    out.number(0, 2);  // internal attributes
    out.number(0, 4);  // external attributes
    out.number(member.at, 4);
    out.append(member.name);
  }
  const size_t bytes = out.size() - begin;
  out.number(kEnd, 4);
  out.number(0, 4);  // disks
  out.number(members.size(), 2);
  out.number(members.size(), 2);
  out.number(bytes, 4);
  out.number(begin, 4);
  out.number(0, 2);  // no comment
}

}  // namespace

Result<Bytes> write_npz(std::span<const NamedArray> arrays, const std::string& path_for_messages) {
  if (arrays.size() > kMostMembers) {
    return error(Code::kUnsupported, "{}: {} arrays, an .npz holds at most {}", path_for_messages, arrays.size(), kMostMembers);
  }
  Writer out;
  std::vector<Member> members;
  for (const auto& [name, array] : arrays) {
    const Bytes content = write(array);
    Member member = {.name = name + ".npy", .bytes = content.size(), .at = out.size()};
    if (member.name.size() > kLongestName) {
      return error(Code::kUnsupported, "{}: an array's name of {} bytes, at most {} fit", path_for_messages, name.size(), kLongestName - 4);
    }
    if (out.size() + content.size() > kMostBytes - kLongestName) {
      return error(Code::kUnsupported, "{}: with array '{}' the archive has more than 4 GiB", path_for_messages, name);
    }
    member.crc = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
    out.number(kLocal, 4);
    append_fields(member, out);
    out.append(member.name);
    out.append(content);
    members.push_back(std::move(member));
  }
  uint64_t directory = 0;
  for (const Member& member : members) directory += 46 + member.name.size();
  if (out.size() + directory > kMostBytes) return error(Code::kUnsupported, "{}: the archive has more than 4 GiB", path_for_messages);
  append_directory(members, out);
  return std::move(out.bytes());
}

}  // namespace liteqat::formats::npy
