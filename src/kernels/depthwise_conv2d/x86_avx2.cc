#include "kernels/lanes/x86_avx2.h"
#include "kernels/depthwise_conv2d/columns.h"
#include "kernels/depthwise_conv2d/generic.h"

namespace liteqat::kernels::depthwise_conv2d {
namespace {

using x86_avx2::FusedLanes;
using x86_avx2::Lanes;

constexpr Float32Kernel kFloat32 = Generic<Lanes>::float32_kernel<FusedLanes>("depthwise_conv2d_f32_f32_generic_avx2", Isa::kAvx2);
constexpr Int8Kernel kInt8 = Generic<Lanes>::int8_kernel("depthwise_conv2d_i8_i32_generic_avx2", Isa::kAvx2);
constexpr Int8Kernel kColumns = AnyColumns<Lanes>::kernel("depthwise_conv2d_i8_i32_columns_avx2", Isa::kAvx2);

}  // namespace

const Float32Kernel& float32_avx2() {
  return kFloat32;
}
const Int8Kernel& int8_avx2() {
  return kInt8;
}

const Int8Kernel& int8_columns_avx2() {
  return kColumns;
}

}  // namespace liteqat::kernels::depthwise_conv2d
