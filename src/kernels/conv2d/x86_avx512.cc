#include "kernels/lanes/x86_avx512.h"
#include "kernels/conv2d/dot.h"
#include "kernels/conv2d/float_strips.h"

namespace liteqat::kernels::conv2d {
namespace {

using x86_avx512::Lanes;

constexpr Float32Kernel kFloat32 =
    FloatStrips<Lanes, float_products::multiply_rounded_avx512, float_products::multiply_fused_avx512>::kernel(
        "conv2d_f32_f32_strips_avx512", Isa::kAvx512);
constexpr Int8Kernel kInt8 = Dot<Lanes>::kernel("conv2d_i8_i32_dot_avx512", Isa::kAvx512);

}  // namespace

const Float32Kernel& float32_avx512() {
  return kFloat32;
}
const Int8Kernel& int8_avx512() {
  return kInt8;
}

}  // namespace liteqat::kernels::conv2d
