#include "kernels/mean/mean.h"

#include "kernels/mean/implementations.h"

namespace liteqat::kernels::mean {

bool find_block(const Reduction& reduction, Block* block) {
  Block found;
  bool in_reduced = false;
  for (size_t axis = kMaxRank; axis-- > 0;) {
    const int64_t extent = reduction.extents[axis];
    if (extent == 1) continue;
    const bool reduced = reduction.output[axis] == 0;
    if (reduced && found.outer > 1) return false;
    in_reduced = in_reduced || reduced;
    (reduced ? found.reduced : in_reduced ? found.outer : found.inner) *= extent;
  }
  *block = found;
  return true;
}

#define LITEQAT_KERNEL(isa) &block_##isa(),
const Int8BlockKernel* find_int8_block_kernel(Isa isa) {
  static const Int8BlockKernel* const kList[] = {
#include "kernels/mean/kernels.inc"
      nullptr};
  for (const Int8BlockKernel* kernel : kList) {
    if (kernel != nullptr && kernel->isa <= isa) return kernel;
  }
  return nullptr;
}
#undef LITEQAT_KERNEL

#define LITEQAT_KERNEL(isa) &floats_##isa(),
const Float32BlockKernel* find_float32_block_kernel(Isa isa) {
  static const Float32BlockKernel* const kList[] = {
#include "kernels/mean/kernels.inc"
      nullptr};
  for (const Float32BlockKernel* kernel : kList) {
    if (kernel != nullptr && kernel->isa <= isa) return kernel;
  }
  return nullptr;
}
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::mean
