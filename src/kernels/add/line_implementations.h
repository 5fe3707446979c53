// The functions behind find_line_kernel, one per line of line_kernels.inc. Not for use outside this folder.
#pragma once

#include "kernels/add/line.h"

namespace liteqat::kernels::add {

#define LITEQAT_KERNEL(isa) const LineKernel& line_##isa();
#include "kernels/add/line_kernels.inc"
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::add
