// The kernels of resize.h, one file each. Private to data.
#pragma once

#include "data/resize.h"

namespace liteqat::data {

/// The window's extents where source and full size agree.
std::vector<uint8_t> crop(const PixelView& source, const Window& window);

std::vector<uint8_t> resize_pillow(const PixelView& source, const Window& window);
std::vector<uint8_t> resize_opencv(const PixelView& source, const Window& window);
std::vector<uint8_t> resize_tensorflow(const PixelView& source, const Window& window);

}  // namespace liteqat::data
