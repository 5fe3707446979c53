#include "kernels/lanes/x86_avx512vnni.h"
#include "kernels/fully_connected/dot.h"

namespace liteqat::kernels::fully_connected {
namespace {

constexpr Int8Kernel kInt8 = Dot<x86_avx512vnni::Lanes>::kernel("fully_connected_i8_i32_f64_dot_avx512vnni", Isa::kAvx512Vnni);

}  // namespace

const Int8Kernel& int8_avx512vnni() {
  return kInt8;
}

}  // namespace liteqat::kernels::fully_connected
