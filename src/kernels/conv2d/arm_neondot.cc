#include "kernels/lanes/arm_neondot.h"
#include "kernels/conv2d/dot.h"
#include "kernels/conv2d/float_strips.h"

namespace liteqat::kernels::conv2d {
namespace {

using arm_neondot::Lanes;

constexpr Float32Kernel kFloat32 =
    FloatStrips<Lanes, float_products::multiply_rounded_neondot, float_products::multiply_fused_neondot>::kernel(
        "conv2d_f32_f32_strips_neondot", Isa::kNeonDot);
constexpr Int8Kernel kInt8 = Dot<Lanes>::kernel("conv2d_i8_i32_dot_neondot", Isa::kNeonDot);

}  // namespace

const Float32Kernel& float32_neondot() {
  return kFloat32;
}
const Int8Kernel& int8_neondot() {
  return kInt8;
}

}  // namespace liteqat::kernels::conv2d
