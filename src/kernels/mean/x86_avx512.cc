#include "kernels/lanes/x86_avx512_bytes.h"
#include "kernels/mean/floats_generic.h"
#include "kernels/mean/generic.h"

namespace liteqat::kernels::mean {
namespace {

constexpr Int8BlockKernel kKernel = {"avx512", Isa::kAvx512, Int8Block<x86_avx512::Lanes, x86_avx512::Bytes>::run};
constexpr Float32BlockKernel kFloats = {"mean_f32_f32_avx512", Isa::kAvx512, FloatBlock<x86_avx512::Lanes>::run};

}  // namespace

const Int8BlockKernel& block_avx512() {
  return kKernel;
}
const Float32BlockKernel& floats_avx512() {
  return kFloats;
}

}  // namespace liteqat::kernels::mean
