#include "data/resize.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "data/resize_kernels.h"

namespace liteqat::data {
namespace {

const std::vector<std::string> kKernelNames = {"pillow", "opencv", "tensorflow"};

}  // namespace

Result<ResizeKernel> parse_resize_kernel(const std::string& name) {
  const auto found = std::find(kKernelNames.begin(), kKernelNames.end(), name);
  if (found != kKernelNames.end()) return static_cast<ResizeKernel>(found - kKernelNames.begin());
  return error(Code::kInvalidArgument, "unknown resize kernel '{}', expected one of {}; did you mean '{}'?", name, join(kKernelNames, ", "),
               nearest_name(name, kKernelNames));
}

const char* resize_kernel_name(ResizeKernel kernel) {
  return kKernelNames[static_cast<size_t>(kernel)].c_str();
}

std::vector<uint8_t> crop(const PixelView& source, const Window& window) {
  const auto channels = static_cast<size_t>(source.channels), row_bytes = static_cast<size_t>(window.width) * channels;
  std::vector<uint8_t> out;
  out.reserve(static_cast<size_t>(window.height) * row_bytes);
  for (int32_t row = window.top; row < window.top + window.height; ++row) {
    const auto begin = (static_cast<size_t>(row) * static_cast<size_t>(source.width) + static_cast<size_t>(window.left)) * channels;
    const auto from = source.pixels.subspan(begin, row_bytes);
    out.insert(out.end(), from.begin(), from.end());
  }
  return out;
}

std::vector<uint8_t> resize(const PixelView& source, const Window& window, ResizeKernel kernel) {
  LITEQAT_CHECK(source.height > 0 && source.width > 0 && window.height > 0 && window.width > 0);
  LITEQAT_CHECK(window.top >= 0 && window.left >= 0 && window.height <= window.full_height - window.top &&
                window.width <= window.full_width - window.left);
  if (source.height == window.full_height && source.width == window.full_width) return crop(source, window);
  switch (kernel) {
    case ResizeKernel::kPillow:
      return resize_pillow(source, window);
    case ResizeKernel::kOpenCv:
      return resize_opencv(source, window);
    case ResizeKernel::kTensorflow:
      return resize_tensorflow(source, window);
  }
  return {};
}

}  // namespace liteqat::data
