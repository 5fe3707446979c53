#include "kernels/add/floats.h"

#include "kernels/add/add.h"
#include "kernels/add/implementations.h"

namespace liteqat::kernels::add {
namespace {

void run_reference(numeric::FloatClamp clamp, int64_t count, const float* a, const float* b, float* output) {
  Broadcast whole;
  whole.extents.fill(1);
  whole.extents.back() = static_cast<int32_t>(count);
  whole.a.back() = whole.b.back() = 1;
  add_float32(whole, clamp, {0, count}, a, b, output);
}

constexpr FloatsKernel kReference = {"add_f32_reference", Isa::kReference, run_reference};

}  // namespace

const FloatsKernel& floats_reference() {
  return kReference;
}

#define LITEQAT_KERNEL(isa) &floats_##isa(),
const FloatsKernel& find_floats_kernel(Isa isa) {
  static const FloatsKernel* const kList[] = {
#include "kernels/add/kernels.inc"
  };
  for (const FloatsKernel* kernel : kList) {
    if (kernel->isa <= isa) return *kernel;
  }
  return kReference;
}
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::add
