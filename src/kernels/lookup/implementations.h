// The functions behind find_lookup_kernel, one per line of kernels.inc. Not for use outside this folder.
#pragma once

#include "kernels/lookup/lookup.h"

namespace liteqat::kernels::lookup {

#define LITEQAT_KERNEL(isa) const LookupKernel& lookup_##isa();
#include "kernels/lookup/kernels.inc"
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::lookup
