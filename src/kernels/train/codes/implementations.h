// The instantiations of generic.h, one per instruction set.
#pragma once

#include "kernels/train/codes/codes.h"

namespace liteqat::kernels::train {

const CodeKernels& code_kernels_reference();
#if defined(__x86_64__)
const CodeKernels& code_kernels_avx2();
const CodeKernels& code_kernels_avx512();
#endif

}  // namespace liteqat::kernels::train
