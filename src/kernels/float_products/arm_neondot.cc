#include "kernels/lanes/arm_neondot.h"
#include "kernels/float_products/float_products.h"
#include "kernels/lanes/float_tile.h"

namespace liteqat::kernels::float_products {

void multiply_rounded_neondot(const Epilogue& epilogue, const Taps& taps, const float* from, int64_t row_delta, int64_t rows,
                              const float* packed, const lanes::ChannelBlock& block, float* output) {
  lanes::multiply_floats<arm_neondot::Lanes>(epilogue, taps, from, row_delta, rows, packed, block, output);
}

void multiply_fused_neondot(const Epilogue& epilogue, const Taps& taps, const float* from, int64_t row_delta, int64_t rows,
                            const float* packed, const lanes::ChannelBlock& block, float* output) {
  lanes::multiply_floats<arm_neondot::FusedLanes>(epilogue, taps, from, row_delta, rows, packed, block, output);
}

}  // namespace liteqat::kernels::float_products
