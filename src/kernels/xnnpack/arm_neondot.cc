#include "kernels/lanes/arm_neondot.h"
#include "kernels/xnnpack/generic.h"

namespace liteqat::kernels::xnnpack {
namespace {

constexpr AddKernel kAdd = {"add_i8_i32_xnnpack_neondot", Isa::kNeonDot, Add<arm_neondot::Lanes>::run};

}  // namespace

const AddKernel& add_neondot() {
  return kAdd;
}

}  // namespace liteqat::kernels::xnnpack
