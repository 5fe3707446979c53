#include "kernels/lanes/x86_avx2_bytes.h"
#include "kernels/pool/generic.h"

namespace liteqat::kernels::pool {
namespace {

using Pool = Int8Pool<x86_avx2::Lanes, x86_avx2::Bytes>;

constexpr Int8Kernels kKernels = {"max_pool_i8_avx2", "average_pool_i8_i32_avx2", Isa::kAvx2, kMostTaps,
                                  Pool::max_pool,     Pool::average_pool};

}  // namespace

const Int8Kernels& int8_avx2() {
  return kKernels;
}

}  // namespace liteqat::kernels::pool
