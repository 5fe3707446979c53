// liteqat-archive-reader: reads an HDF5 file or a .keras archive from standard input and writes its arrays and texts to standard output
// (formats/archive/wire.h). Started by liteqat, not by hand: the libraries that take hostile files apart run here, confined.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "formats/archive/wire.h"
#include "formats/archive_reader/confine.h"
#include "formats/archive_reader/read_archive.h"

namespace {

using liteqat::Bytes;
using liteqat::Code;
using liteqat::error;
using liteqat::Status;

/// Standard input, a file, whole.
Status read_input(Bytes& bytes) {
  size_t read = 0;
  while (read < bytes.size()) {
    const ssize_t count = ::read(STDIN_FILENO, bytes.data() + read, bytes.size() - read);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return error(Code::kIo, "cannot be read: {}", std::strerror(errno));
    if (count == 0) return error(Code::kIo, "has become shorter while it was read");
    read += static_cast<size_t>(count);
  }
  return {};
}

Status run(liteqat::formats::archive_reader::RecordWriter& writer) {
  struct stat input = {};
  if (::fstat(STDIN_FILENO, &input) != 0 || !S_ISREG(input.st_mode)) return error(Code::kIo, "is not a file");
  const auto file_bytes = static_cast<uint64_t>(input.st_size);
  if (file_bytes > liteqat::formats::archive::kMaxFileBytes) return error(Code::kOutOfRange, "has {} bytes", file_bytes);
  Bytes bytes(file_bytes);
  LITEQAT_RETURN_IF_ERROR(read_input(bytes));
  if (!liteqat::formats::archive_reader::confine(file_bytes)) return error(Code::kIo, "limits refused: {}", std::strerror(errno));
  return liteqat::formats::archive_reader::read_archive(bytes, writer);
}

}  // namespace

int main() {
  liteqat::formats::archive_reader::RecordWriter writer(STDOUT_FILENO);
  try {
    const Status status = run(writer);
    if (!status.ok()) writer.failure(status);
  } catch (const std::bad_alloc&) {
    writer.failure(error(Code::kOutOfRange, "asks for more memory than a file of its size may"));
  }
  ::_exit(0);  // HDF5's own exit handlers have nothing to save, and a damaged file may have damaged them
}
