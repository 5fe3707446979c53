// The functions behind find_codes_kernel and find_floats_kernel, two per line of kernels.inc. Not for use outside this folder.
#pragma once

#include "kernels/add/codes.h"
#include "kernels/add/floats.h"

namespace liteqat::kernels::add {

#define LITEQAT_KERNEL(isa)         \
  const CodesKernel& codes_##isa(); \
  const FloatsKernel& floats_##isa();
#include "kernels/add/kernels.inc"
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::add
