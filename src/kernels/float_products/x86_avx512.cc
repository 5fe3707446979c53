#include "kernels/lanes/x86_avx512.h"
#include "kernels/float_products/float_products.h"
#include "kernels/lanes/float_tile.h"

namespace liteqat::kernels::float_products {

void multiply_rounded_avx512(const Epilogue& epilogue, const Taps& taps, const float* from, int64_t row_delta, int64_t rows,
                             const float* packed, const lanes::ChannelBlock& block, float* output) {
  lanes::multiply_floats<x86_avx512::Lanes>(epilogue, taps, from, row_delta, rows, packed, block, output);
}

void multiply_fused_avx512(const Epilogue& epilogue, const Taps& taps, const float* from, int64_t row_delta, int64_t rows,
                           const float* packed, const lanes::ChannelBlock& block, float* output) {
  lanes::multiply_floats<x86_avx512::FusedLanes>(epilogue, taps, from, row_delta, rows, packed, block, output);
}

}  // namespace liteqat::kernels::float_products
