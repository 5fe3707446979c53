#include "kernels/lanes/x86_avx512.h"
#include "kernels/xnnpack/generic.h"

namespace liteqat::kernels::xnnpack {
namespace {

constexpr AddKernel kAdd = {"add_i8_i32_xnnpack_avx512", Isa::kAvx512, Add<x86_avx512::Lanes>::run};

}  // namespace

const AddKernel& add_avx512() {
  return kAdd;
}

}  // namespace liteqat::kernels::xnnpack
