#include "kernels/lanes/x86_avx2_bytes.h"
#include "kernels/mean/generic.h"

namespace liteqat::kernels::mean {
namespace {

constexpr Int8BlockKernel kKernel = {"avx2", Isa::kAvx2, Int8Block<x86_avx2::Lanes, x86_avx2::Bytes>::run};

}  // namespace

const Int8BlockKernel& block_avx2() {
  return kKernel;
}

}  // namespace liteqat::kernels::mean
