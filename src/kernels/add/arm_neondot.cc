#include "kernels/lanes/arm_neondot.h"
#include "kernels/add/floats_generic.h"
#include "kernels/add/generic.h"

namespace liteqat::kernels::add {
namespace {

constexpr CodesKernel kCodes = {"add_i8_i32_neondot", Isa::kNeonDot, Codes<arm_neondot::Lanes>::run};
constexpr FloatsKernel kFloats = {"add_f32_neondot", Isa::kNeonDot, Floats<arm_neondot::Lanes>::run};

}  // namespace

const CodesKernel& codes_neondot() {
  return kCodes;
}
const FloatsKernel& floats_neondot() {
  return kFloats;
}

}  // namespace liteqat::kernels::add
