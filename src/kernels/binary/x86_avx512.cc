#include "kernels/lanes/x86_avx512.h"
#include "kernels/binary/generic.h"

namespace liteqat::kernels::binary {
namespace {

constexpr ProductKernel kProduct = {"mul_i8_i32_avx512", Isa::kAvx512, Product<x86_avx512::Lanes>::run};

}  // namespace

const ProductKernel& product_avx512() {
  return kProduct;
}

}  // namespace liteqat::kernels::binary
