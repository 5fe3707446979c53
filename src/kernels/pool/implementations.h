// The functions behind find_int8_kernels, one per line of kernels.inc. Not for use outside this folder.
#pragma once

#include "kernels/pool/pool.h"

namespace liteqat::kernels::pool {

#define LITEQAT_KERNEL(isa) const Int8Kernels& int8_##isa();
#include "kernels/pool/kernels.inc"
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::pool
