#include "kernels/pool/pool.h"

#include "kernels/pool/implementations.h"

namespace liteqat::kernels::pool {
namespace {

constexpr Int8Kernels kReference = {
    "max_pool_i8_reference", "average_pool_i8_i32_reference", Isa::kReference, int64_t{1} << 23, max_pool_int8, average_pool_int8};

}  // namespace

const Int8Kernels& int8_reference() {
  return kReference;
}

#define LITEQAT_KERNEL(isa) &int8_##isa(),
const Int8Kernels& find_int8_kernels(int64_t taps, Isa isa) {
  static const Int8Kernels* const kList[] = {
#include "kernels/pool/kernels.inc"
  };
  for (const Int8Kernels* kernels : kList) {
    if (kernels->isa <= isa && taps <= kernels->most_taps) return *kernels;
  }
  return kReference;
}
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::pool
