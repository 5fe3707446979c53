#include "kernels/lanes/x86_avx2_bytes.h"
#include "kernels/mean/floats_generic.h"
#include "kernels/mean/generic.h"

namespace liteqat::kernels::mean {
namespace {

constexpr Int8BlockKernel kKernel = {"avx2", Isa::kAvx2, Int8Block<x86_avx2::Lanes, x86_avx2::Bytes>::run};
constexpr Float32BlockKernel kFloats = {"mean_f32_f32_avx2", Isa::kAvx2, FloatBlock<x86_avx2::Lanes>::run};

}  // namespace

const Int8BlockKernel& block_avx2() {
  return kKernel;
}
const Float32BlockKernel& floats_avx2() {
  return kFloats;
}

}  // namespace liteqat::kernels::mean
