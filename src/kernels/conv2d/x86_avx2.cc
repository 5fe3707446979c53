#include "kernels/lanes/x86_avx2.h"
#include "kernels/conv2d/dot.h"
#include "kernels/conv2d/float_strips.h"

namespace liteqat::kernels::conv2d {
namespace {

using x86_avx2::Lanes;

constexpr Float32Kernel kFloat32 = FloatStrips<Lanes, float_products::multiply_rounded_avx2, float_products::multiply_fused_avx2>::kernel(
    "conv2d_f32_f32_strips_avx2", Isa::kAvx2);
constexpr Int8Kernel kInt8 = Dot<Lanes>::kernel("conv2d_i8_i32_dot_avx2", Isa::kAvx2);

}  // namespace

const Float32Kernel& float32_avx2() {
  return kFloat32;
}
const Int8Kernel& int8_avx2() {
  return kInt8;
}

}  // namespace liteqat::kernels::conv2d
