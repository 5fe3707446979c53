// The functions behind find_add_kernel, one per line of kernels.inc. Not for use outside this folder.
#pragma once

#include "kernels/xnnpack/xnnpack.h"

namespace liteqat::kernels::xnnpack {

#define LITEQAT_KERNEL(isa) const AddKernel& add_##isa();
#include "kernels/xnnpack/kernels.inc"
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::xnnpack
