#include "kernels/lanes/x86_avx2.h"
#include "kernels/add/generic.h"

namespace liteqat::kernels::add {
namespace {

constexpr CodesKernel kCodes = {"add_i8_i32_avx2", Isa::kAvx2, Codes<x86_avx2::Lanes>::run};

}  // namespace

const CodesKernel& codes_avx2() {
  return kCodes;
}

}  // namespace liteqat::kernels::add
