#include "numeric/padding.h"

#include <algorithm>

namespace liteqat::numeric {

int32_t window_output_extent(Padding padding, int32_t input, int32_t filter, int32_t stride, int32_t dilation) {
  const int64_t covered = (int64_t{filter} - 1) * dilation + 1;
  const int64_t last = padding == Padding::kSame ? int64_t{input} - 1 : int64_t{input} - covered;
  return last < 0 ? 0 : static_cast<int32_t>(last / stride + 1);
}

int32_t window_pad_before(Padding padding, int32_t input, int32_t filter, int32_t stride, int32_t dilation, int32_t output) {
  if (padding == Padding::kValid) return 0;
  const int64_t covered = (int64_t{filter} - 1) * dilation + 1;
  const int64_t total = (int64_t{output} - 1) * stride + covered - input;
  return static_cast<int32_t>(std::max<int64_t>(total, 0) / 2);
}

}  // namespace liteqat::numeric
