#include "formats/archive/archive.h"

#include <array>
#include <cstring>
#include <filesystem>

#include "base/file.h"
#include "base/subprocess.h"
#include "formats/archive/record_reader.h"
#include "formats/archive/wire.h"

namespace liteqat::formats::archive {
namespace {

constexpr std::array<unsigned char, 8> kHdf5Signature = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

bool begins_with(std::span<const std::byte> bytes, std::span<const unsigned char> signature) {
  return bytes.size() >= signature.size() && std::memcmp(bytes.data(), signature.data(), signature.size()) == 0;
}

}  // namespace

bool is_hdf5(std::span<const std::byte> bytes) {
  return begins_with(bytes, kHdf5Signature);
}

bool is_zip(std::span<const std::byte> bytes) {
  constexpr std::array<unsigned char, 4> kLocalHeader = {'P', 'K', 3, 4};
  return begins_with(bytes, kLocalHeader);
}

Result<Contents> read_with(const std::string& program, const std::string& path) {
  std::error_code failure;
  const auto file_bytes = std::filesystem::file_size(path, failure);
  if (failure) return error(Code::kNotFound, "{}: {}", path, failure.message());
  if (file_bytes > kMaxFileBytes) {
    return error(Code::kOutOfRange, "{}: has {} bytes, files of up to {} are read", path, file_bytes, kMaxFileBytes);
  }
  RecordReader reader(file_bytes);
  bool said_why = false;  // the failure stands in the output, not in how the program ended
  const Status ended = filter_file({program}, path, [&](std::span<const std::byte> piece) {
    const Status taken = reader.take(piece);
    said_why = !taken.ok();
    return taken;
  });
  if (!ended.ok() && said_why) return ended.with_context(path);
  if (ended.code() == Code::kNotFound || ended.code() == Code::kInterrupted) return ended;
  if (!ended.ok()) {
    return error(Code::kCorruptFile, "{}: the library that reads it failed in its own process, the file is damaged or hostile: {}", path,
                 ended.message());
  }
  auto contents = reader.finish();
  if (!contents.ok()) return contents.status().with_context(path);
  return contents;
}

Result<Contents> read(const std::string& path) {
  return read_with((std::filesystem::path(program_folder()) / kReaderProgram).string(), path);
}

}  // namespace liteqat::formats::archive
