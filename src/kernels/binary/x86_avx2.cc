#include "kernels/lanes/x86_avx2.h"
#include "kernels/binary/generic.h"

namespace liteqat::kernels::binary {
namespace {

constexpr ProductKernel kProduct = {"mul_i8_i32_avx2", Isa::kAvx2, Product<x86_avx2::Lanes>::run};

}  // namespace

const ProductKernel& product_avx2() {
  return kProduct;
}

}  // namespace liteqat::kernels::binary
