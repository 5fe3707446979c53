// The part of a window that lies inside the image along one axis.
#pragma once

#include <algorithm>
#include <cstdint>

namespace liteqat::kernels::train {

/// Taps [begin, end) of the window whose first tap is at input position `origin`.
struct Taps {
  int32_t origin, begin, end;
};

inline Taps inside_taps(int32_t out, int32_t stride, int32_t pad, int32_t filter, int32_t dilation, int32_t extent) {
  const int32_t origin = out * stride - pad;
  const int32_t begin = origin >= 0 ? 0 : (-origin + dilation - 1) / dilation;
  const int32_t end = origin >= extent ? 0 : (extent - origin + dilation - 1) / dilation;
  return {origin, std::min(begin, filter), std::clamp(end, std::min(begin, filter), filter)};
}

}  // namespace liteqat::kernels::train
