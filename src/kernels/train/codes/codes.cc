#include "kernels/train/codes/codes.h"

#include "kernels/train/codes/implementations.h"

namespace liteqat::kernels::train {

const CodeKernels& find_code_kernels([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa >= Isa::kAvx512) return code_kernels_avx512();
  if (isa >= Isa::kAvx2) return code_kernels_avx2();
#endif
  return code_kernels_reference();
}

}  // namespace liteqat::kernels::train
