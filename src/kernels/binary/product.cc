#include "kernels/binary/binary.h"
#include "kernels/binary/implementations.h"

namespace liteqat::kernels::binary {

#define LITEQAT_KERNEL(isa) &product_##isa(),
const ProductKernel* find_product_kernel(Isa isa) {
  static const ProductKernel* const kList[] = {
#include "kernels/binary/kernels.inc"
      nullptr};
  for (const ProductKernel* kernel : kList) {
    if (kernel != nullptr && kernel->isa <= isa) return kernel;
  }
  return nullptr;
}
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::binary
