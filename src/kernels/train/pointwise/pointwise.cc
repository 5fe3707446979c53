#include "kernels/train/pointwise/pointwise.h"

#include "kernels/train/pointwise/implementations.h"

namespace liteqat::kernels::train {

const PointwiseKernels& find_pointwise_kernels([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa >= Isa::kAvx512) return pointwise_kernels_avx512();
  if (isa >= Isa::kAvx2) return pointwise_kernels_avx2();
#endif
  return pointwise_kernels_reference();
}

}  // namespace liteqat::kernels::train
