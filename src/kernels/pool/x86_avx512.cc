#include "kernels/lanes/x86_avx512_bytes.h"
#include "kernels/pool/generic.h"

namespace liteqat::kernels::pool {
namespace {

using Pool = Int8Pool<x86_avx512::Lanes, x86_avx512::Bytes>;

constexpr Int8Kernels kKernels = {"max_pool_i8_avx512", "average_pool_i8_i32_avx512", Isa::kAvx512, kMostTaps, Pool::max_pool,
                                  Pool::average_pool};

}  // namespace

const Int8Kernels& int8_avx512() {
  return kKernels;
}

}  // namespace liteqat::kernels::pool
