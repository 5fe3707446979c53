#include "kernels/lanes/arm_neondot.h"
#include "kernels/fully_connected/dot.h"
#include "kernels/fully_connected/float_rows.h"

namespace liteqat::kernels::fully_connected {
namespace {

using arm_neondot::Lanes;

constexpr Float32Kernel kFloat32 =
    FloatRows<Lanes, float_products::multiply_rounded_neondot, float_products::multiply_fused_neondot>::kernel(
        "fully_connected_f32_f32_rows_neondot", Isa::kNeonDot);
constexpr Int8Kernel kInt8 = Dot<Lanes>::kernel("fully_connected_i8_i32_f64_dot_neondot", Isa::kNeonDot);

}  // namespace

const Float32Kernel& float32_neondot() {
  return kFloat32;
}
const Int8Kernel& int8_neondot() {
  return kInt8;
}

}  // namespace liteqat::kernels::fully_connected
