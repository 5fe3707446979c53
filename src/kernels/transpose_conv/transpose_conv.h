// TRANSPOSE_CONV on NHWC input [N,H,W,I], weights [O,KH,KW,I] and bias [O], to [N,OH,OW,O]: output (y, x) sums input (i, j) times tap
// (y + pad_top - i * stride_h, x + pad_left - j * stride_w) over all (i, j) ascending whose tap exists.
//
// Types and integer arithmetic as in kernels/weighted/weighted.h; float32 sums as numeric/float_sum.h says, kRounded over
// inputs (i, j) ascending as TFLite's reference kernel, kFused over taps ascending, which is inputs descending, as XNNPACK. Plain loops.
// Reads and writes exactly the extents; input and output must not overlap. Units: rows of outputs.
#pragma once

#include "kernels/weighted/float32.h"
#include "kernels/weighted/weighted.h"

namespace liteqat::kernels::transpose_conv {

/// params.channels are ignored (every output channel sees all input channels), dilations are 1.
template <typename Elem, typename Weight, typename Bias>
void run(const weighted::Params& params, Range rows, const Elem* input, const Weight* weights, const Bias* bias, Elem* output);
void run_float32(const weighted::FloatParams& params, Range rows, const float* input, const float* weights, const float* bias,
                 float* output);

extern template void run(const weighted::Params&, Range, const int8_t*, const int8_t*, const int32_t*, int8_t*);
extern template void run(const weighted::Params&, Range, const uint8_t*, const uint8_t*, const int32_t*, uint8_t*);
extern template void run(const weighted::Params&, Range, const int16_t*, const int8_t*, const int32_t*, int16_t*);
extern template void run(const weighted::Params&, Range, const int16_t*, const int8_t*, const int64_t*, int16_t*);

}  // namespace liteqat::kernels::transpose_conv
