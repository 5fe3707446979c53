#include "kernels/lanes/x86_avx512.h"
#include "kernels/fully_connected/dot.h"
#include "kernels/fully_connected/float_rows.h"

namespace liteqat::kernels::fully_connected {
namespace {

using x86_avx512::Lanes;

constexpr Float32Kernel kFloat32 = FloatRows<Lanes, float_products::multiply_rounded_avx512, float_products::multiply_fused_avx512>::kernel(
    "fully_connected_f32_f32_rows_avx512", Isa::kAvx512);
constexpr Int8Kernel kInt8 = Dot<Lanes>::kernel("fully_connected_i8_i32_f64_dot_avx512", Isa::kAvx512);

}  // namespace

const Float32Kernel& float32_avx512() {
  return kFloat32;
}
const Int8Kernel& int8_avx512() {
  return kInt8;
}

}  // namespace liteqat::kernels::fully_connected
