#include "kernels/train/depthwise/depthwise.h"

#include <algorithm>

#include "kernels/train/depthwise/implementations.h"

namespace liteqat::kernels::train {

Rows input_rows_of(const WindowShape& w, const Rows& outputs) {
  const int32_t first = outputs.begin * w.stride_h - w.pad_h;
  const int32_t last = (outputs.end - 1) * w.stride_h - w.pad_h + (w.filter_h - 1) * w.dilation_h;
  const int32_t begin = std::clamp(first, 0, w.height);
  return {begin, std::clamp(last + 1, begin, w.height)};
}

Rows output_rows_of(const WindowShape& w, const Rows& inputs) {
  // Output o reads rows o * stride - pad to that + span.
  const int32_t span = (w.filter_h - 1) * w.dilation_h, first = inputs.begin + w.pad_h - span;
  const int32_t begin = std::clamp(first <= 0 ? 0 : (first + w.stride_h - 1) / w.stride_h, 0, w.out_height);
  return {begin, std::clamp((inputs.end - 1 + w.pad_h) / w.stride_h + 1, begin, w.out_height)};
}

const DepthwiseKernels& find_depthwise_kernels([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa >= Isa::kAvx512) return depthwise_kernels_avx512();
  if (isa >= Isa::kAvx2) return depthwise_kernels_avx2();
#endif
  return depthwise_kernels_reference();
}

}  // namespace liteqat::kernels::train
