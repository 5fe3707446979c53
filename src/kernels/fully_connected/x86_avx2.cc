#include "kernels/lanes/x86_avx2.h"
#include "kernels/fully_connected/dot.h"
#include "kernels/fully_connected/float_rows.h"

namespace liteqat::kernels::fully_connected {
namespace {

using x86_avx2::Lanes;

constexpr Float32Kernel kFloat32 = FloatRows<Lanes, float_products::multiply_rounded_avx2, float_products::multiply_fused_avx2>::kernel(
    "fully_connected_f32_f32_rows_avx2", Isa::kAvx2);
constexpr Int8Kernel kInt8 = Dot<Lanes>::kernel("fully_connected_i8_i32_f64_dot_avx2", Isa::kAvx2);

}  // namespace

const Float32Kernel& float32_avx2() {
  return kFloat32;
}
const Int8Kernel& int8_avx2() {
  return kInt8;
}

}  // namespace liteqat::kernels::fully_connected
