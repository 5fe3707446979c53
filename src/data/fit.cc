#include "data/fit.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "data/resize_kernels.h"

namespace liteqat::data {
namespace {

const std::vector<std::string> kFits = {"stretch", "crop", "imagenet", "central", "pad"};
constexpr double kCentralPart = 0.875;

struct Size {
  int32_t height = 0, width = 0;
};

/// The source's proportions such that the box is just covered; the other side is cut to a whole number, as torchvision does.
Size cover(const PixelView& source, Size box) {
  const int64_t height = source.height, width = source.width;
  if (height * box.width <= width * box.height) {
    return {box.height, std::max(box.width, static_cast<int32_t>(box.height * width / height))};
  }
  return {std::max(box.height, static_cast<int32_t>(box.width * height / width)), box.width};
}

/// Half of what is too much, a half rounded to even as Python's round() does.
int32_t centre(int32_t full, int32_t part) {
  return static_cast<int32_t>(std::nearbyint((full - part) / 2.0));
}

std::vector<uint8_t> resize_and_crop(const PixelView& source, Size covered, Size size, ResizeKernel kernel) {
  const Size full = cover(source, covered);
  return resize(
      source, {full.height, full.width, centre(full.height, size.height), centre(full.width, size.width), size.height, size.width}, kernel);
}

std::vector<uint8_t> resize_centre(const PixelView& source, Size size, ResizeKernel kernel) {
  const auto margin = [](int32_t extent) { return static_cast<int32_t>((extent - extent * kCentralPart) / 2); };
  const int32_t top = margin(source.height), left = margin(source.width);
  const Size part = {source.height - 2 * top, source.width - 2 * left};
  const std::vector<uint8_t> pixels = crop(source, {source.height, source.width, top, left, part.height, part.width});
  return resize({pixels, part.height, part.width, source.channels}, {size.height, size.width, 0, 0, size.height, size.width}, kernel);
}

/// Sizes and margins are those of TensorFlow's arithmetic in double, the rounding of its divisions included.
std::vector<uint8_t> resize_and_pad(const PixelView& source, Size size, ResizeKernel kernel) {
  const double ratio = std::max(static_cast<double>(source.width) / size.width, static_cast<double>(source.height) / size.height);
  const double real_height = source.height / ratio, real_width = source.width / ratio;
  const Size inner = {std::max(1, static_cast<int32_t>(real_height)), std::max(1, static_cast<int32_t>(real_width))};
  const auto margin = [](int32_t extent, double real) { return static_cast<size_t>(std::max(0.0, (extent - real) / 2)); };
  const size_t top = margin(size.height, real_height), left = margin(size.width, real_width);
  const std::vector<uint8_t> pixels = resize(source, {inner.height, inner.width, 0, 0, inner.height, inner.width}, kernel);
  const auto channels = static_cast<size_t>(source.channels), row_bytes = static_cast<size_t>(inner.width) * channels;
  std::vector<uint8_t> out(static_cast<size_t>(size.height) * static_cast<size_t>(size.width) * channels);
  for (size_t row = 0; row < static_cast<size_t>(inner.height); ++row) {
    std::copy_n(pixels.data() + row * row_bytes, row_bytes, out.data() + ((top + row) * static_cast<size_t>(size.width) + left) * channels);
  }
  return out;
}

uint8_t luma(const uint8_t* rgb) {
  return static_cast<uint8_t>((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16);
}

}  // namespace

Result<Fit> parse_fit(const std::string& name) {
  const auto found = std::find(kFits.begin(), kFits.end(), name);
  if (found != kFits.end()) return static_cast<Fit>(found - kFits.begin());
  return error(Code::kInvalidArgument, "unknown fit '{}', expected one of {}; did you mean '{}'?", name, join(kFits, ", "),
               nearest_name(name, kFits));
}

const char* fit_name(Fit fit) {
  return kFits[static_cast<size_t>(fit)].c_str();
}

std::vector<uint8_t> fit_image(const PixelView& source, int32_t height, int32_t width, ResizeKernel kernel, Fit fit) {
  const Size size = {height, width};
  switch (fit) {
    case Fit::kStretch:
      return resize(source, {height, width, 0, 0, height, width}, kernel);
    case Fit::kCrop:
      return resize_and_crop(source, size, size, kernel);
    case Fit::kImagenet: {
      const auto larger = [](int32_t extent) { return static_cast<int32_t>(std::lround(extent / kCentralPart)); };
      return resize_and_crop(source, {larger(height), larger(width)}, size, kernel);
    }
    case Fit::kCentral:
      return resize_centre(source, size, kernel);
    case Fit::kPad:
      return resize_and_pad(source, size, kernel);
  }
  return {};
}

std::vector<uint8_t> convert_channels(std::vector<uint8_t> pixels, int32_t source_channels, int32_t channels, bool bgr) {
  LITEQAT_CHECK((source_channels == 1 || source_channels == 3) && (channels == 1 || channels == 3));
  if (source_channels == 3 && channels == 1) {
    std::vector<uint8_t> gray(pixels.size() / 3);
    for (size_t i = 0; i < gray.size(); ++i) gray[i] = luma(pixels.data() + 3 * i);
    return gray;
  }
  if (source_channels == 1 && channels == 3) {
    std::vector<uint8_t> rgb(pixels.size() * 3);
    for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = pixels[i / 3];
    return rgb;
  }
  if (bgr && channels == 3) {
    for (size_t i = 0; i + 2 < pixels.size(); i += 3) std::swap(pixels[i], pixels[i + 2]);
  }
  return pixels;
}

}  // namespace liteqat::data
