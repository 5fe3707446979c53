// The functions behind find_product_kernel, one per line of kernels.inc. Not for use outside this folder.
#pragma once

#include "kernels/binary/binary.h"

namespace liteqat::kernels::binary {

#define LITEQAT_KERNEL(isa) const ProductKernel& product_##isa();
#include "kernels/binary/kernels.inc"
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::binary
