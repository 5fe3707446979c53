#include "kernels/lanes/x86_avx512vnni.h"
#include "kernels/depthwise_conv2d/columns.h"
#include "kernels/depthwise_conv2d/dot.h"
#include "kernels/depthwise_conv2d/strips.h"

namespace liteqat::kernels::depthwise_conv2d {
namespace {

constexpr Int8Kernel kInt8 = Dot<x86_avx512vnni::Lanes>::kernel("depthwise_conv2d_i8_i32_dot_avx512vnni", Isa::kAvx512Vnni);
constexpr Int8Kernel kColumns = AnyColumns<x86_avx512vnni::Lanes>::kernel("depthwise_conv2d_i8_i32_columns_avx512vnni", Isa::kAvx512Vnni);
constexpr Int8Kernel kStrips = Strips<x86_avx512vnni::Lanes>::kernel("depthwise_conv2d_i8_i32_strips_avx512vnni", Isa::kAvx512Vnni);

}  // namespace

const Int8Kernel& int8_avx512vnni() {
  return kInt8;
}

const Int8Kernel& int8_columns_avx512vnni() {
  return kColumns;
}

const Int8Kernel& int8_strips_avx512vnni() {
  return kStrips;
}

}  // namespace liteqat::kernels::depthwise_conv2d
