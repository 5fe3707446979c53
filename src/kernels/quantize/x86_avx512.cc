#include "kernels/lanes/x86_avx512_bytes.h"
#include "kernels/quantize/generic.h"

namespace liteqat::kernels::quantize {
namespace {

using Own = Convert<x86_avx512::Lanes, x86_avx512::Bytes>;

constexpr Kernels kKernels = {"avx512", Isa::kAvx512, Own::quantize_int8, Own::quantize_uint8, Own::dequantize_int8, Own::dequantize_uint8};

}  // namespace

const Kernels& kernels_avx512() {
  return kKernels;
}

}  // namespace liteqat::kernels::quantize
