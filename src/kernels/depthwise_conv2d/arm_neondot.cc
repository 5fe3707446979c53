#include "kernels/lanes/arm_neondot.h"
#include "kernels/depthwise_conv2d/dot.h"
#include "kernels/depthwise_conv2d/generic.h"

namespace liteqat::kernels::depthwise_conv2d {
namespace {

using arm_neondot::FusedLanes;
using arm_neondot::Lanes;

constexpr Float32Kernel kFloat32 = Generic<Lanes>::float32_kernel<FusedLanes>("depthwise_conv2d_f32_f32_generic_neondot", Isa::kNeonDot);
constexpr Int8Kernel kInt8 = Dot<Lanes>::kernel("depthwise_conv2d_i8_i32_dot_neondot", Isa::kNeonDot);

}  // namespace

const Float32Kernel& float32_neondot() {
  return kFloat32;
}
const Int8Kernel& int8_neondot() {
  return kInt8;
}

}  // namespace liteqat::kernels::depthwise_conv2d
