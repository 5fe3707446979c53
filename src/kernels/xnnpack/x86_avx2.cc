#include "kernels/lanes/x86_avx2.h"
#include "kernels/xnnpack/generic.h"

namespace liteqat::kernels::xnnpack {
namespace {

constexpr AddKernel kAdd = {"add_i8_i32_xnnpack_avx2", Isa::kAvx2, Add<x86_avx2::Lanes>::run};

}  // namespace

const AddKernel& add_avx2() {
  return kAdd;
}

}  // namespace liteqat::kernels::xnnpack
