// ADD of int8 operands of one shape: the fast case of add_int8 (add.h), on neighbouring codes. Exact, equal to add_int8 for every ISA.
// output may be a or b.
#pragma once

#include "base/cpu.h"
#include "numeric/activation.h"
#include "numeric/rescale.h"

namespace liteqat::kernels::add {

struct CodesParams {
  numeric::AddRescale rescale;  // as numeric::add_rescale makes it, all shifts <= 0
  int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  numeric::IntClamp clamp{};
};

struct CodesKernel {
  const char* name;
  Isa isa;
  void (*run)(const CodesParams& params, int64_t count, const int8_t* a, const int8_t* b, int8_t* output);
};

/// The strongest kernel that needs no more than `isa`.
const CodesKernel& find_codes_kernel(Isa isa);

}  // namespace liteqat::kernels::add
