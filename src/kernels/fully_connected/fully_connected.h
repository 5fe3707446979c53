// FULLY_CONNECTED, float32 and int8, on rows [N,I], weights [O,I] and bias [O], to [N,O].
//
// All kernels of a type and requantization give the same bits. int8: int32 accumulators modulo 2^32. float32: sum over i ascending as
// numeric/float_sum.h says, then clamp. Reads and writes exactly the extents; input and output must not overlap.
#pragma once

#include "kernels/kernel.h"
#include "numeric/activation.h"
#include "numeric/fixed_point.h"
#include "numeric/float_sum.h"

namespace liteqat::kernels::fully_connected {

/// How an int8 accumulator becomes a code; one per family of arithmetic profiles.
enum class Requantization {
  kDoubleHalfAway,  // round_half_away(double(accumulator) * rescale): LiteRT's reference kernels from 2.20 on
};

struct Rows {
  int32_t rows = 1, in = 1, out = 1;
};

struct Float32Params {
  Rows shape{};
  const float* weights = nullptr;
  const float* bias = nullptr;  // null: zero
  numeric::FloatClamp clamp{};
  numeric::FloatSum sum = numeric::FloatSum::kRounded;
  const std::byte* packed = nullptr;
  std::byte* scratch = nullptr;
};

struct Int8Params {
  Rows shape{};
  const int8_t* weights = nullptr;
  const int32_t* bias = nullptr;    // null: zero
  const double* rescale = nullptr;  // [out]
  int32_t input_zero_point = 0, output_zero_point = 0;
  numeric::IntClamp clamp{};
  const std::byte* packed = nullptr;
  std::byte* scratch = nullptr;
};

using Float32Kernel = Kernel<Float32Params, float>;
using Int8Kernel = Kernel<Int8Params, int8_t>;

const Float32Kernel& find_float32_kernel(const Float32Params& params, Isa isa);
const Int8Kernel& find_int8_kernel(const Int8Params& params, Requantization requantization, Isa isa);

}  // namespace liteqat::kernels::fully_connected
