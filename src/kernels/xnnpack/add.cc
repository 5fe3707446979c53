#include "kernels/xnnpack/implementations.h"

namespace liteqat::kernels::xnnpack {

#define LITEQAT_KERNEL(isa) &add_##isa(),
const AddKernel* find_add_kernel(Isa isa) {
  static const AddKernel* const kList[] = {
#include "kernels/xnnpack/kernels.inc"
      nullptr};
  for (const AddKernel* kernel : kList) {
    if (kernel != nullptr && kernel->isa <= isa) return kernel;
  }
  return nullptr;
}
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::xnnpack
