// The functions behind find_codes_kernel, one per line of kernels.inc. Not for use outside this folder.
#pragma once

#include "kernels/add/codes.h"

namespace liteqat::kernels::add {

#define LITEQAT_KERNEL(isa) const CodesKernel& codes_##isa();
#include "kernels/add/kernels.inc"
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::add
