// DEPTHWISE_CONV_2D, float32 and int8, on NHWC input [N,H,W,I], weights [1,KH,KW,O] and bias [O], to [N,OH,OW,O] with O = I * M: output
// channel i * M + m reads input channel i alone, and M is window.out_c / window.in_c.
//
// All kernels of a type give the same bits; arithmetic and order of summation as in kernels/conv2d/conv2d.h, but that fused sums of an M of
// 1 take the taps by columns, (kx, ky), as XNNPACK does. Reads and writes exactly the
// extents; input and output must not overlap.
#pragma once

#include "kernels/kernel.h"
#include "kernels/window.h"
#include "numeric/activation.h"
#include "numeric/fixed_point.h"
#include "numeric/float_sum.h"
#include "numeric/requantize.h"

namespace liteqat::kernels::depthwise_conv2d {

struct Float32Params {
  Window window{};
  const float* weights = nullptr;
  const float* bias = nullptr;  // null: zero
  numeric::FloatClamp clamp{};
  numeric::FloatSum sum = numeric::FloatSum::kRounded;
  const std::byte* packed = nullptr;
  std::byte* scratch = nullptr;
};

struct Int8Params {
  Window window{};
  const int8_t* weights = nullptr;
  const int32_t* bias = nullptr;                     // null: zero
  const numeric::Multiplier* multipliers = nullptr;  // [out_c], shift <= numeric::kMaxShift
  const float* factors = nullptr;                    // [out_c]; not null: Requantization::kFloatHalfEven by these, else two roundings
  int32_t input_zero_point = 0, output_zero_point = 0;
  numeric::IntClamp clamp{};
  const std::byte* packed = nullptr;
  std::byte* scratch = nullptr;
};

using Float32Kernel = Kernel<Float32Params, float>;
using Int8Kernel = Kernel<Int8Params, int8_t>;

const Float32Kernel& find_float32_kernel(const Float32Params& params, Isa isa);
const Int8Kernel& find_int8_kernel(const Int8Params& params, Isa isa);

}  // namespace liteqat::kernels::depthwise_conv2d
