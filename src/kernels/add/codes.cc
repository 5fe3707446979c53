#include "kernels/add/codes.h"

#include "kernels/add/add.h"
#include "kernels/add/implementations.h"

namespace liteqat::kernels::add {
namespace {

void run_reference(const CodesParams& params, int64_t count, const int8_t* a, const int8_t* b, int8_t* output) {
  Int8Params whole = {.broadcast = {},
                      .rescale = params.rescale,
                      .a_zero_point = params.a_zero_point,
                      .b_zero_point = params.b_zero_point,
                      .output_zero_point = params.output_zero_point,
                      .clamp = params.clamp};
  whole.broadcast.extents.fill(1);
  whole.broadcast.extents.back() = static_cast<int32_t>(count);
  whole.broadcast.a.back() = whole.broadcast.b.back() = 1;
  add_int8(whole, a, b, output);
}

constexpr CodesKernel kReference = {"add_i8_i32_reference", Isa::kReference, run_reference};

}  // namespace

const CodesKernel& codes_reference() {
  return kReference;
}

#define LITEQAT_KERNEL(isa) &codes_##isa(),
const CodesKernel& find_codes_kernel(Isa isa) {
  static const CodesKernel* const kList[] = {
#include "kernels/add/kernels.inc"
  };
  for (const CodesKernel* kernel : kList) {
    if (kernel->isa <= isa) return *kernel;
  }
  return kReference;
}
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::add
