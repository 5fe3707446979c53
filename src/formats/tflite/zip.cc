#include "formats/tflite/zip.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string_view>

#include "base/check.h"

namespace liteqat::formats::tflite {
namespace {

// PKWARE APPNOTE 6.3: 4.3.7 local header, 4.3.12 central directory, 4.3.16 end of central directory.
constexpr uint32_t kLocalSignature = 0x04034b50, kCentralSignature = 0x02014b50, kEndSignature = 0x06054b50;
constexpr size_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kMaxComment = 65535;
constexpr uint16_t kExtractVersion = 20, kDate1980 = 1 << 5 | 1, kUnix = 3;
constexpr size_t kMaxName = 256;
constexpr uint32_t kOwnerReadWrite = 0600u << 16;

void append_u16(std::string& out, uint32_t value) {
  out += {static_cast<char>(value), static_cast<char>(value >> 8)};
}
void append_u32(std::string& out, uint32_t value) {
  append_u16(out, value & 0xFFFF);
  append_u16(out, value >> 16);
}

uint32_t crc_of(std::string_view text) {
  return static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

// The fields that local header and central directory share, from the flags to the extra field's length.
void append_entry_fields(std::string& out, const std::string& name, const std::string& content) {
  append_u16(out, 0);  // flags
  append_u16(out, 0);  // stored
  append_u16(out, 0);  // 00:00:00
  append_u16(out, kDate1980);
  append_u32(out, crc_of(content));
  append_u32(out, static_cast<uint32_t>(content.size()));
  append_u32(out, static_cast<uint32_t>(content.size()));
  append_u16(out, static_cast<uint32_t>(name.size()));
  append_u16(out, 0);
}

class View {
 public:
  explicit View(std::span<const std::byte> file) : text_(reinterpret_cast<const char*>(file.data()), file.size()) {}
  bool holds(size_t at, size_t count) const { return at <= text_.size() && count <= text_.size() - at; }
  uint16_t u16(size_t at) const { return static_cast<uint16_t>(byte(at) | byte(at + 1) << 8); }
  uint32_t u32(size_t at) const { return u16(at) | static_cast<uint32_t>(u16(at + 2)) << 16; }
  std::string_view text(size_t at, size_t count) const { return text_.substr(at, count); }
  size_t size() const { return text_.size(); }

 private:
  uint32_t byte(size_t at) const { return static_cast<unsigned char>(text_[at]); }
  std::string_view text_;
};

// Position of the end record, searched from the back because a comment may follow it.
std::optional<size_t> find_end_record(const View& view) {
  if (view.size() < kEndBytes) return std::nullopt;
  const size_t last = view.size() - kEndBytes;
  for (size_t back = 0; back <= std::min(last, kMaxComment); ++back) {
    const size_t at = last - back;
    if (view.u32(at) == kEndSignature && view.u16(at + 20) == back) return at;
  }
  return std::nullopt;
}

/// Calls visit(name, place in the directory) for every entry until one returns false or the directory ends or is damaged.
void walk_directory(const View& view, const std::function<bool(std::string_view, size_t)>& visit) {
  const auto end_at = find_end_record(view);
  if (!end_at) return;
  size_t at = view.u32(*end_at + 16);
  for (size_t remaining = view.u16(*end_at + 10); remaining > 0; --remaining) {
    if (!view.holds(at, kCentralBytes) || view.u32(at) != kCentralSignature) return;
    const size_t name_bytes = view.u16(at + 28);
    if (!view.holds(at + kCentralBytes, name_bytes) || !visit(view.text(at + kCentralBytes, name_bytes), at)) return;
    at += kCentralBytes + name_bytes + view.u16(at + 30) + view.u16(at + 32);
  }
}

std::optional<std::string> read_entry(const View& view, size_t central_at) {
  const uint32_t method = view.u16(central_at + 10), crc = view.u32(central_at + 16);
  const size_t stored = view.u32(central_at + 20), size = view.u32(central_at + 24), local_at = view.u32(central_at + 42);
  if (method != 0 || stored != size) return std::nullopt;
  if (!view.holds(local_at, kLocalBytes) || view.u32(local_at) != kLocalSignature) return std::nullopt;
  const size_t data_at = local_at + kLocalBytes + view.u16(local_at + 26) + view.u16(local_at + 28);
  if (!view.holds(data_at, size)) return std::nullopt;
  std::string content(view.text(data_at, size));
  if (crc_of(content) != crc) return std::nullopt;
  return content;
}

}  // namespace

void append_zip(Bytes& file, const std::vector<Extras::AssociatedFile>& entries) {
  LITEQAT_CHECK(entries.size() < UINT16_MAX);
  std::string archive, central;
  for (const auto& [name, content] : entries) {
    LITEQAT_CHECK(file.size() + archive.size() + central.size() + content.size() + 1024 < UINT32_MAX && name.size() < kMaxName);
    const auto local_at = static_cast<uint32_t>(file.size() + archive.size());
    append_u32(archive, kLocalSignature);
    append_u16(archive, kExtractVersion);
    append_entry_fields(archive, name, content);
    archive += name + content;

    append_u32(central, kCentralSignature);
    append_u16(central, kUnix << 8 | kExtractVersion);
    append_u16(central, kExtractVersion);
    append_entry_fields(central, name, content);
    for (int field = 0; field < 3; ++field) append_u16(central, 0);  // comment length, first disk, internal attributes
    append_u32(central, kOwnerReadWrite);
    append_u32(central, local_at);
    central += name;
  }
  const auto central_at = static_cast<uint32_t>(file.size() + archive.size());
  archive += central;
  append_u32(archive, kEndSignature);
  append_u32(archive, 0);                                      // disk numbers
  append_u16(archive, static_cast<uint32_t>(entries.size()));  // on this disk
  append_u16(archive, static_cast<uint32_t>(entries.size()));
  append_u32(archive, static_cast<uint32_t>(central.size()));
  append_u32(archive, central_at);
  append_u16(archive, 0);  // comment length

  const auto bytes = std::as_bytes(std::span(archive));
  file.insert(file.end(), bytes.begin(), bytes.end());
}

std::optional<std::string> find_in_zip(std::span<const std::byte> file, const std::string& name) {
  std::optional<std::string> content;
  const View view(file);
  walk_directory(view, [&](std::string_view entry, size_t central_at) {
    if (entry != name) return true;
    content = read_entry(view, central_at);
    return false;
  });
  return content;
}

std::vector<Extras::AssociatedFile> list_zip(std::span<const std::byte> file) {
  std::vector<Extras::AssociatedFile> entries;
  size_t bytes = 0;  // entries of a damaged directory may all be the same bytes
  const View view(file);
  walk_directory(view, [&](std::string_view entry, size_t central_at) {
    const bool plain = entry.size() < kMaxName && std::ranges::all_of(entry, [](char letter) { return letter >= 0x20 && letter < 0x7F; });
    if (auto content = plain ? read_entry(view, central_at) : std::nullopt) {
      bytes += content->size();
      if (bytes > file.size()) return false;
      entries.push_back({std::string(entry), *std::move(content)});
    }
    return entries.size() + 1 < UINT16_MAX;
  });
  return entries;
}

}  // namespace liteqat::formats::tflite
