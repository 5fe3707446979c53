// The functions behind find_float32_kernel and find_int8_kernel, one pair per line of kernels.inc. Not for use outside this folder.
#pragma once

#include "kernels/depthwise_conv2d/depthwise_conv2d.h"

namespace liteqat::kernels::depthwise_conv2d {

#define LITEQAT_INT8_KERNEL(isa) const Int8Kernel& int8_##isa();
#define LITEQAT_KERNEL(isa)             \
  const Float32Kernel& float32_##isa(); \
  LITEQAT_INT8_KERNEL(isa)
#include "kernels/depthwise_conv2d/kernels.inc"
#undef LITEQAT_KERNEL
#undef LITEQAT_INT8_KERNEL

}  // namespace liteqat::kernels::depthwise_conv2d
