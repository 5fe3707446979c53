// The functions behind find_kernels, one per line of kernels.inc. Not for use outside this folder.
#pragma once

#include "kernels/quantize/quantize.h"

namespace liteqat::kernels::quantize {

#define LITEQAT_KERNEL(isa) const Kernels& kernels_##isa();
#include "kernels/quantize/kernels.inc"
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::quantize
