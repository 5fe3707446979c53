#include "formats/tensorboard/event_writer.h"

#include <bit>
#include <boost/crc.hpp>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>

#include "base/file.h"

namespace liteqat::formats::tensorboard {
namespace {

constexpr size_t kFrameBytes = 16;  // u64 length, u32 its CRC, payload, u32 the payload's CRC

using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;  // RFC 3720, appendix B

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// tensorflow/core/lib/hash/crc32c.h: stored CRCs are rotated and shifted, so that a CRC over data holding CRCs stays useful.
uint32_t masked_crc(std::string_view text) {
  Crc32c crc;
  crc.process_bytes(text.data(), text.size());
  return std::rotr(static_cast<uint32_t>(crc.checksum()), 15) + 0xa282ead8u;
}

template <typename Int>
void append_little_endian(std::string& out, Int value) {
  for (size_t i = 0; i < sizeof(Int); ++i) out += static_cast<char>(value >> (8 * i));
}

template <typename Int>
Int read_little_endian(std::span<const std::byte> bytes) {
  Int value = 0;
  for (size_t i = sizeof(Int); i-- > 0;) value = static_cast<Int>(value << 8 | std::to_integer<Int>(bytes[i]));
  return value;
}

std::string frame(const std::string& payload) {
  std::string record;
  append_little_endian(record, static_cast<uint64_t>(payload.size()));
  append_little_endian(record, masked_crc(record));
  record += payload;
  append_little_endian(record, masked_crc(payload));
  return record;
}

// Protocol buffer wire format (protobuf.dev/programming-guides/encoding): tag = field << 3 | wire type.
enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
void append_tag(std::string& out, uint32_t field, WireType type) {
  append_varint(out, field << 3 | type);
}
void append_text(std::string& out, uint32_t field, std::string_view text) {
  append_tag(out, field, kLengthDelimited);
  append_varint(out, text.size());
  out += text;
}

// Event: 1 wall_time double, 2 step int64, 3 file_version string, 5 summary message (tensorflow/core/util/event.proto).
std::string make_event(double wall_time) {
  std::string event;
  append_tag(event, 1, kFixed64);
  append_little_endian(event, std::bit_cast<uint64_t>(wall_time));
  return event;
}

std::string version_record(double wall_time) {
  std::string event = make_event(wall_time);
  append_text(event, 3, "brain.Event:2");
  return frame(event);
}

// Summary: repeated 1 value; Value: 1 tag string, 2 simple_value float (tensorflow/core/framework/summary.proto).
std::string scalar_record(const std::string& tag, int64_t step, float value, double wall_time) {
  std::string entry;
  append_text(entry, 1, tag);
  append_tag(entry, 2, kFixed32);
  append_little_endian(entry, std::bit_cast<uint32_t>(value));
  std::string summary;
  append_text(summary, 1, entry);
  std::string event = make_event(wall_time);
  append_tag(event, 2, kVarint);
  append_varint(event, static_cast<uint64_t>(step));
  append_text(event, 5, summary);
  return frame(event);
}

// Bytes of whole, undamaged records at the start of a file.
size_t intact_bytes(std::span<const std::byte> bytes) {
  size_t position = 0;
  while (bytes.size() - position >= kFrameBytes) {
    const auto rest = bytes.subspan(position);
    const uint64_t length = read_little_endian<uint64_t>(rest);
    const std::string_view text(reinterpret_cast<const char*>(rest.data()), rest.size());
    if (read_little_endian<uint32_t>(rest.subspan(8)) != masked_crc(text.substr(0, 8))) break;
    if (length > rest.size() - kFrameBytes) break;
    if (read_little_endian<uint32_t>(rest.subspan(12 + length)) != masked_crc(text.substr(12, length))) break;
    position += kFrameBytes + length;
  }
  return position;
}

Status cut_torn_record(const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path));
  const size_t intact = intact_bytes(bytes);
  if (intact == bytes.size()) return Status();
  if (intact == 0) return error(Code::kCorruptFile, "{}: exists and is not an event file; remove it", path);
  std::error_code fault;
  std::filesystem::resize_file(path, intact, fault);
  return fault ? error(Code::kIo, "{}: cannot cut off the torn last record: {}", path, fault.message()) : Status();
}

}  // namespace

Result<EventWriter> EventWriter::open(const std::string& folder, int64_t wall_seconds) {
  LITEQAT_RETURN_IF_ERROR(make_folder(folder));
  std::string path = format("{}/events.out.tfevents.{}.liteqat", folder, wall_seconds);
  bool begun = false;
  if (file_exists(path)) {
    LITEQAT_RETURN_IF_ERROR(cut_torn_record(path));
    std::error_code fault;
    begun = std::filesystem::file_size(path, fault) > 0 && !fault;
  }
  if (!begun) LITEQAT_RETURN_IF_ERROR(append_to_file(path, as_bytes(version_record(static_cast<double>(wall_seconds)))));
  return EventWriter(std::move(path));
}

Status EventWriter::add_scalar(const std::string& tag, int64_t step, float value, double wall_time) {
  return append_to_file(path_, as_bytes(scalar_record(tag, step, value, wall_time)));
}

}  // namespace liteqat::formats::tensorboard
