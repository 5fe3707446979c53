#include "kernels/add/floats_generic.h"
#include "kernels/add/line_generic.h"
#include "kernels/lanes/x86_avx2_bytes.h"

namespace liteqat::kernels::add {
namespace {

using AlongLine = LineCodes<x86_avx2::Lanes, x86_avx2::Bytes>;

constexpr CodesKernel kCodes = {"add_i8_i32_avx2", Isa::kAvx2, Codes<x86_avx2::Lanes>::run};
constexpr FloatsKernel kFloats = {"add_f32_avx2", Isa::kAvx2, Floats<x86_avx2::Lanes>::run};
constexpr LineKernel kLine = {"add_i8_i32_line_avx2", Isa::kAvx2, AlongLine::find_constant, AlongLine::run};

}  // namespace

const CodesKernel& codes_avx2() {
  return kCodes;
}
const FloatsKernel& floats_avx2() {
  return kFloats;
}
const LineKernel& line_avx2() {
  return kLine;
}

}  // namespace liteqat::kernels::add
