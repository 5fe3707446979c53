// ADD of float32 operands of one shape: the fast case of add_float32 (add.h), on neighbouring elements. Exact, equal to add_float32 for
// every ISA. output may be a or b.
#pragma once

#include "base/cpu.h"
#include "numeric/activation.h"

namespace liteqat::kernels::add {

struct FloatsKernel {
  const char* name;
  Isa isa;
  void (*run)(numeric::FloatClamp clamp, int64_t count, const float* a, const float* b, float* output);
};

/// The strongest kernel that needs no more than `isa`.
const FloatsKernel& find_floats_kernel(Isa isa);

}  // namespace liteqat::kernels::add
