#include "formats/archive/record_reader.h"

#include <cstring>
#include <utility>

#include "base/checked.h"

namespace liteqat::formats::archive {
namespace {

Status malformed(const std::string& what) {
  return error(Code::kCorruptFile, "the reading program sent {}", what);
}

}  // namespace

template <typename T>
std::optional<T> RecordReader::number() {
  if (buffer_.size() - at_ < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, buffer_.data() + at_, sizeof(T));
  at_ += sizeof(T);
  return value;
}

Status RecordReader::charge(uint64_t bytes) {
  if (bytes > budget_) return malformed("more than the file can hold");
  budget_ -= bytes;
  return {};
}

Result<std::optional<std::string>> RecordReader::counted_text(uint64_t length, uint64_t limit) {
  if (length > limit) return malformed(format("a text of {} bytes, at most {} are expected", length, limit));
  if (buffer_.size() - at_ < length) return std::optional<std::string>();
  std::string text(reinterpret_cast<const char*>(buffer_.data() + at_), length);
  at_ += length;
  return std::optional<std::string>(std::move(text));
}

Result<bool> RecordReader::take_text(const std::string& name) {
  const auto length = number<uint64_t>();
  if (!length) return false;
  LITEQAT_ASSIGN_OR_RETURN(auto text, counted_text(*length, kMaxTextBytes));
  if (!text) return false;
  LITEQAT_RETURN_IF_ERROR(charge(*length));
  contents_.texts[name] = std::move(*text);
  return true;
}

Result<bool> RecordReader::take_list(const std::string& name) {
  const auto count = number<uint32_t>();
  if (!count) return false;
  if (*count > kMaxListEntries) return malformed(format("a list of {} entries, at most {} are expected", *count, kMaxListEntries));
  std::vector<std::string> entries;
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < *count; ++i) {
    const auto length = number<uint32_t>();
    if (!length) return false;
    LITEQAT_ASSIGN_OR_RETURN(auto entry, counted_text(*length, kMaxNameBytes));
    if (!entry) return false;
    bytes += *length + sizeof(std::string);
    if (bytes > budget_) return malformed(format("a list '{}' larger than the file can hold", name));
    entries.push_back(std::move(*entry));
  }
  LITEQAT_RETURN_IF_ERROR(charge(bytes));
  contents_.lists[name] = std::move(entries);
  return true;
}

Result<bool> RecordReader::take_array(const std::string& name) {
  const auto rank = number<uint32_t>();
  if (!rank) return false;
  if (*rank > kMaxRank) return malformed(format("an array of {} axes, at most {} are expected", *rank, kMaxRank));
  Array array;
  for (uint32_t axis = 0; axis < *rank; ++axis) {
    const auto extent = number<int64_t>();
    if (!extent) return false;
    array.shape.push_back(*extent);
  }
  const auto elems = checked_product(std::span<const int64_t>(array.shape));
  const auto bytes = elems ? checked_mul(*elems, sizeof(float)) : std::nullopt;
  if (!bytes || static_cast<uint64_t>(*bytes) > budget_) return malformed(format("an array '{}' larger than the file can hold", name));
  if (buffer_.size() - at_ < static_cast<uint64_t>(*bytes)) return false;
  LITEQAT_RETURN_IF_ERROR(charge(static_cast<uint64_t>(*bytes)));
  array.values.resize(static_cast<size_t>(*elems));
  if (*bytes > 0) std::memcpy(array.values.data(), buffer_.data() + at_, static_cast<size_t>(*bytes));
  at_ += static_cast<size_t>(*bytes);
  contents_.arrays[name] = std::move(array);
  return true;
}

Result<bool> RecordReader::take_record() {
  const auto kind = number<RecordKind>();
  const auto name_bytes = number<uint32_t>();
  if (!kind || !name_bytes) return false;
  LITEQAT_ASSIGN_OR_RETURN(const auto name, counted_text(*name_bytes, kMaxNameBytes));
  if (!name) return false;
  switch (*kind) {
    case RecordKind::kText:
      return take_text(*name);
    case RecordKind::kList:
      return take_list(*name);
    case RecordKind::kArray:
      return take_array(*name);
    case RecordKind::kError: {
      const auto code = number<uint32_t>();
      if (!code) return false;
      const bool known = *code > static_cast<uint32_t>(Code::kOk) && *code <= static_cast<uint32_t>(Code::kInternal);
      return Status(known ? static_cast<Code>(*code) : Code::kCorruptFile, *name);
    }
    case RecordKind::kEnd:
      ended_ = true;
      return true;
  }
  return malformed(format("a record of unknown kind {}", static_cast<int>(*kind)));
}

Status RecordReader::take(std::span<const std::byte> piece) {
  buffer_.insert(buffer_.end(), piece.begin(), piece.end());
  size_t taken = 0;
  while (taken < buffer_.size()) {
    if (ended_) return malformed("more after its last record");
    at_ = taken;
    LITEQAT_ASSIGN_OR_RETURN(const bool whole, take_record());
    if (!whole) break;
    taken = at_;
    if (++records_ > kMaxRecords) return malformed(format("more than {} records", kMaxRecords));
  }
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken));
  return {};
}

Result<Contents> RecordReader::finish() {
  if (!ended_) return malformed("no last record");
  return std::move(contents_);
}

}  // namespace liteqat::formats::archive
