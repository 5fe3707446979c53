#include "kernels/train/depthwise/depthwise.h"

#include "kernels/train/depthwise/implementations.h"

namespace liteqat::kernels::train {

const DepthwiseKernels& find_depthwise_kernels([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa >= Isa::kAvx512) return depthwise_kernels_avx512();
  if (isa >= Isa::kAvx2) return depthwise_kernels_avx2();
#endif
  return depthwise_kernels_reference();
}

}  // namespace liteqat::kernels::train
