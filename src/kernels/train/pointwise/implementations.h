// The instantiations of generic.h, one per instruction set.
#pragma once

#include "kernels/train/pointwise/pointwise.h"

namespace liteqat::kernels::train {

const PointwiseKernels& pointwise_kernels_reference();
#if defined(__x86_64__)
const PointwiseKernels& pointwise_kernels_avx2();
const PointwiseKernels& pointwise_kernels_avx512();
#endif

}  // namespace liteqat::kernels::train
