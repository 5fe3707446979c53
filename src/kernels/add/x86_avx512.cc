#include "kernels/add/floats_generic.h"
#include "kernels/add/line_generic.h"
#include "kernels/lanes/x86_avx512_bytes.h"

namespace liteqat::kernels::add {
namespace {

using AlongLine = LineCodes<x86_avx512::Lanes, x86_avx512::Bytes>;

constexpr CodesKernel kCodes = {"add_i8_i32_avx512", Isa::kAvx512, Codes<x86_avx512::Lanes>::run};
constexpr FloatsKernel kFloats = {"add_f32_avx512", Isa::kAvx512, Floats<x86_avx512::Lanes>::run};
constexpr LineKernel kLine = {"add_i8_i32_line_avx512", Isa::kAvx512, AlongLine::find_constant, AlongLine::run};

}  // namespace

const CodesKernel& codes_avx512() {
  return kCodes;
}
const FloatsKernel& floats_avx512() {
  return kFloats;
}
const LineKernel& line_avx512() {
  return kLine;
}

}  // namespace liteqat::kernels::add
