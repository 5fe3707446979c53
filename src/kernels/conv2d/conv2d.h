// CONV_2D, float32 and int8, on NHWC input [N,H,W,I], weights [O,KH,KW,I] and bias [O], to [N,OH,OW,O].
//
// All kernels of a type give the same bits. int8: int32 accumulators modulo 2^32, requantized per output channel with two roundings
// (numeric/fixed_point.h). float32: sum over (ky, kx, i) ascending as numeric/float_sum.h says, then clamp. Neither is for grouped
// convolution. Reads and writes exactly the extents; input and output must not overlap.
#pragma once

#include "kernels/kernel.h"
#include "kernels/window.h"
#include "numeric/activation.h"
#include "numeric/fixed_point.h"
#include "numeric/float_sum.h"
#include "numeric/requantize.h"

namespace liteqat::kernels::conv2d {

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

}  // namespace liteqat::kernels::conv2d
