// The instantiations of generic.h, one per instruction set.
#pragma once

#include "kernels/train/depthwise/depthwise.h"

namespace liteqat::kernels::train {

const DepthwiseKernels& depthwise_kernels_reference();
#if defined(__x86_64__)
const DepthwiseKernels& depthwise_kernels_avx2();
const DepthwiseKernels& depthwise_kernels_avx512();
#endif

}  // namespace liteqat::kernels::train
