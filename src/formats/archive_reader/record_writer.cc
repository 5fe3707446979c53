#include "formats/archive_reader/record_writer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "formats/archive/wire.h"

namespace liteqat::formats::archive_reader {

using archive::RecordKind;

void RecordWriter::write(const void* bytes, size_t count) {
  const auto* next = static_cast<const char*>(bytes);
  while (ok_ && count > 0) {
    const ssize_t written = ::write(descriptor_, next, count);
    if (written < 0 && errno == EINTR) continue;
    ok_ = written >= 0;
    if (!ok_) return;
    next += written;
    count -= static_cast<size_t>(written);
  }
}

void RecordWriter::begin(char kind, const std::string& name) {
  number(kind);
  const size_t bytes = std::min<size_t>(name.size(), archive::kMaxNameBytes);
  number(static_cast<uint32_t>(bytes));
  write(name.data(), bytes);
}

void RecordWriter::text(const std::string& name, std::span<const std::byte> bytes) {
  begin(static_cast<char>(RecordKind::kText), name);
  number(static_cast<uint64_t>(bytes.size()));
  write(bytes.data(), bytes.size());
}

void RecordWriter::list(const std::string& name, const std::vector<std::string>& entries) {
  begin(static_cast<char>(RecordKind::kList), name);
  number(static_cast<uint32_t>(entries.size()));
  for (const std::string& entry : entries) {
    number(static_cast<uint32_t>(entry.size()));
    write(entry.data(), entry.size());
  }
}

void RecordWriter::array(const std::string& name, std::span<const int64_t> shape, std::span<const float> values) {
  begin(static_cast<char>(RecordKind::kArray), name);
  number(static_cast<uint32_t>(shape.size()));
  for (int64_t extent : shape) number(extent);
  write(values.data(), values.size_bytes());
}

void RecordWriter::failure(const Status& status) {
  begin(static_cast<char>(RecordKind::kError), status.message());
  number(static_cast<uint32_t>(status.code()));
}

void RecordWriter::end() {
  begin(static_cast<char>(RecordKind::kEnd), "");
}

}  // namespace liteqat::formats::archive_reader
