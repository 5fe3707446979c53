#include "kernels/lanes/x86_avx2_bytes.h"
#include "kernels/quantize/generic.h"

namespace liteqat::kernels::quantize {
namespace {

using Own = Convert<x86_avx2::Lanes, x86_avx2::Bytes>;

constexpr Kernels kKernels = {"avx2", Isa::kAvx2, Own::quantize_int8, Own::quantize_uint8, Own::dequantize_int8, Own::dequantize_uint8};

}  // namespace

const Kernels& kernels_avx2() {
  return kKernels;
}

}  // namespace liteqat::kernels::quantize
