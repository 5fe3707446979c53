#include "kernels/lanes/x86_avx512_bytes.h"
#include "kernels/mean/generic.h"

namespace liteqat::kernels::mean {
namespace {

constexpr Int8BlockKernel kKernel = {"avx512", Isa::kAvx512, Int8Block<x86_avx512::Lanes, x86_avx512::Bytes>::run};

}  // namespace

const Int8BlockKernel& block_avx512() {
  return kKernel;
}

}  // namespace liteqat::kernels::mean
