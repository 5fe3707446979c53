// The functions behind find_int8_block_kernel and find_float32_block_kernel, two per line of kernels.inc. Not for use outside this folder.
#pragma once

#include "kernels/mean/mean.h"

namespace liteqat::kernels::mean {

#define LITEQAT_KERNEL(isa)             \
  const Int8BlockKernel& block_##isa(); \
  const Float32BlockKernel& floats_##isa();
#include "kernels/mean/kernels.inc"
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::mean
