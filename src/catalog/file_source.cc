#include "catalog/file_source.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "base/text.h"
#include "formats/image/image.h"

namespace liteqat::catalog {
namespace {

constexpr int64_t kLargestFile = int64_t{1} << 30;
constexpr size_t kHeaderBytes = 32 << 10;  // what nearly all headers fit in
constexpr size_t kNamed = 5;

std::string path_of(const std::string& root, const std::string& file) {
  return root + "/" + file;
}

/// The file's first bytes; fewer if it is shorter. Empty if it cannot be opened or is a pipe: reading the whole file will say why.
Bytes read_beginning(const std::string& path) {
  std::error_code fault;
  if (!std::filesystem::is_regular_file(path, fault)) return {};
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  Bytes bytes(kHeaderBytes);
  bytes.resize(file == nullptr ? 0 : std::fread(bytes.data(), 1, bytes.size(), file.get()));
  return bytes;
}

Result<formats::image::Header> read_header(const std::string& path) {
  auto header = formats::image::read_header(read_beginning(path), path);
  if (header.ok()) return header;
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path, kLargestFile));
  return formats::image::read_header(bytes, path);
}

Status refuse(const std::vector<Status>& faults) {
  std::vector<std::string> named;
  size_t count = 0;
  for (const Status& fault : faults) {
    if (!fault.ok() && count++ < kNamed) named.push_back(fault.message());
  }
  if (count == 0) return {};
  const auto first = std::ranges::find_if(faults, [](const Status& fault) { return !fault.ok(); });
  if (count == 1) return *first;
  const std::string more = count > kNamed ? format("; and {} more", count - kNamed) : "";
  return error(first->code(), "{} images cannot be read: {}{}", count, join(named, "; "), more);
}

}  // namespace

FileSource::FileSource(std::string root, std::vector<std::string> files, const Shaping& shaping)
    : root_(std::move(root)), files_(std::move(files)), shaping_(shaping) {
  LITEQAT_CHECK(shaping.height > 0 && shaping.width > 0 && shaping.channels > 0);
}

Status FileSource::read(int64_t index, std::span<uint8_t> out) const {
  const std::string path = path_of(root_, files_[static_cast<size_t>(index)]);
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path, kLargestFile));
  LITEQAT_ASSIGN_OR_RETURN(const auto image, formats::image::decode(bytes, path));
  std::ranges::copy(shape_image({image.pixels, image.height, image.width, image.channels}, shaping_), out.begin());
  return {};
}

std::vector<uint8_t> shape_image(const data::PixelView& image, const Shaping& shaping) {
  // Interpolated with the file's channels and then converted: as Image.convert() after resize() would, and cheaper for gray files.
  std::vector<uint8_t> pixels = data::fit_image(image, shaping.height, shaping.width, shaping.kernel, shaping.fit);
  return data::convert_channels(std::move(pixels), image.channels, shaping.channels, shaping.bgr);
}

Result<Shaping> complete_shaping(const std::string& root, const std::vector<std::string>& files, const Shaping& asked, ThreadPool& pool) {
  std::vector<Status> faults(files.size());
  std::vector<formats::image::Header> headers(files.size());
  pool.run(static_cast<int>(files.size()), [&](int task, int) {
    const auto index = static_cast<size_t>(task);
    auto header = read_header(path_of(root, files[index]));
    if (header.ok()) {
      headers[index] = *std::move(header);
    } else {
      faults[index] = header.status();
    }
  });
  LITEQAT_RETURN_IF_ERROR(refuse(faults));
  Shaping shaping = asked;
  if (shaping.channels == 0) {
    shaping.channels = std::ranges::any_of(headers, [](const auto& header) { return header.channels == 3; }) ? 3 : 1;
  }
  if (shaping.height > 0 || headers.empty()) return shaping;
  shaping.height = headers[0].height, shaping.width = headers[0].width;
  for (size_t i = 1; i < headers.size(); ++i) {
    if (headers[i].height == shaping.height && headers[i].width == shaping.width) continue;
    return error(Code::kMismatch, "{} is {}x{} pixels, {} is {}x{} (height x width): say with --image-size what they are to become",
                 path_of(root, files[0]), shaping.height, shaping.width, path_of(root, files[i]), headers[i].height, headers[i].width);
  }
  return shaping;
}

}  // namespace liteqat::catalog
