#include "kernels/lanes/x86_avx512.h"
#include "kernels/add/generic.h"

namespace liteqat::kernels::add {
namespace {

constexpr CodesKernel kCodes = {"add_i8_i32_avx512", Isa::kAvx512, Codes<x86_avx512::Lanes>::run};

}  // namespace

const CodesKernel& codes_avx512() {
  return kCodes;
}

}  // namespace liteqat::kernels::add
