// Decodes and resizes by a list of orders, for tests/oracle/images_test.py. Each line: "decode FILE OUT.npy", whose output is
// [height, width, channels], or "fit KERNEL FIT HEIGHT WIDTH IN.npy OUT.npy",
// or "gray IN.npy OUT.npy".
#include <cstdio>
#include <cstring>
#include <sstream>
#include <string>

#include "base/file.h"
#include "data/fit.h"
#include "formats/image/image.h"
#include "formats/npy/npy.h"

namespace liteqat {
namespace {

Status write_pixels(const std::string& path, int64_t height, int64_t width, int64_t channels, const std::vector<uint8_t>& pixels) {
  formats::npy::Array array{"|u1", {height, width, channels}, Bytes(pixels.size())};
  std::memcpy(array.data.data(), pixels.data(), pixels.size());
  return write_file(path, formats::npy::write(array));
}

Status decode(std::istream& order) {
  std::string in, out;
  order >> in >> out;
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(in));
  LITEQAT_ASSIGN_OR_RETURN(const auto image, formats::image::decode(bytes, in));
  return write_pixels(out, image.height, image.width, image.channels, image.pixels);
}

Result<formats::npy::Array> read_pixels(const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path));
  return formats::npy::read(bytes, path);
}

Status fit(std::istream& order) {
  std::string kernel_name, fit_name, in, out;
  int32_t height = 0, width = 0;
  order >> kernel_name >> fit_name >> height >> width >> in >> out;
  LITEQAT_ASSIGN_OR_RETURN(const auto kernel, data::parse_resize_kernel(kernel_name));
  LITEQAT_ASSIGN_OR_RETURN(const auto fit, data::parse_fit(fit_name));
  LITEQAT_ASSIGN_OR_RETURN(const auto array, read_pixels(in));
  const auto extent = [&](size_t axis) { return static_cast<int32_t>(array.shape.at(axis)); };
  const data::PixelView view = {array.as<uint8_t>(), extent(0), extent(1), extent(2)};
  return write_pixels(out, height, width, extent(2), data::fit_image(view, height, width, kernel, fit));
}

Status gray(std::istream& order) {
  std::string in, out;
  order >> in >> out;
  LITEQAT_ASSIGN_OR_RETURN(const auto array, read_pixels(in));
  const auto pixels = array.as<uint8_t>();
  return write_pixels(out, array.shape.at(0), array.shape.at(1), 1, data::convert_channels({pixels.begin(), pixels.end()}, 3, 1, false));
}

Status follow(const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_text_file(path));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream order(line);
    std::string verb;
    order >> verb;
    LITEQAT_RETURN_IF_ERROR(verb == "decode" ? decode(order) : verb == "fit" ? fit(order) : gray(order));
  }
  return {};
}

}  // namespace
}  // namespace liteqat

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const liteqat::Status status = liteqat::follow(argv[1]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
