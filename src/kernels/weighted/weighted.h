// CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED on integers in every type and every requantization: one definition, as plain loops, for
// what the families conv2d, depthwise_conv2d and fully_connected have no kernel of their own for. NHWC as there; a dense layer is a
// convolution whose images, rows and columns are one pixel each.
//
//   input and output   weights   bias    accumulator
//   int8               int8      int32   int32 modulo 2^32
//   uint8              uint8     int32   int32 modulo 2^32 (weights with a zero point)
//   int16              int8      int32   int32 modulo 2^32
//   int16              int8      int64   int64
//
// Exact. Reads and writes exactly the extents; input and output must not overlap.
#pragma once

#include "kernels/kernel.h"
#include "kernels/window.h"
#include "numeric/requantize.h"

namespace liteqat::kernels::weighted {

/// Which input channels an output channel sees.
struct Channels {
  /// False: weights [O,KH,KW,I / groups], output channel o reads the channels of group o / (O / groups).
  /// True: weights [1,KH,KW,O], output channel o reads channel o / (O / I) alone.
  bool depthwise = false;
  int32_t groups = 1;
};

struct Params {
  Window window{};
  Channels channels{};
  numeric::Requantization requantization{};
  const numeric::Rescale* rescales = nullptr;  // [out_c]
  int32_t input_zero_point = 0, weight_zero_point = 0, output_zero_point = 0;
  numeric::IntClamp clamp{};
};

/// Bias may be null (zero). Units: rows of outputs.
template <typename Elem, typename Weight, typename Bias>
void run(const Params& params, Range rows, const Elem* input, const Weight* weights, const Bias* bias, Elem* output);

extern template void run(const Params&, Range, const int8_t*, const int8_t*, const int32_t*, int8_t*);
extern template void run(const Params&, Range, const uint8_t*, const uint8_t*, const int32_t*, uint8_t*);
extern template void run(const Params&, Range, const int16_t*, const int8_t*, const int32_t*, int16_t*);
extern template void run(const Params&, Range, const int16_t*, const int8_t*, const int64_t*, int16_t*);

}  // namespace liteqat::kernels::weighted
