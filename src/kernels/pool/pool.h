// MAX_POOL_2D and AVERAGE_POOL_2D, float32, int8, uint8 and int16, on NHWC; window.out_c == window.in_c. Averages count valid taps only.
// The functions are the reference; for int8, find_int8_kernels has faster ones that give the same codes.
// Integers are raw codes (input and output share scale and zero point); their average rounds half away from zero. Exact. Output must not
// overlap input. Units: rows of output.
//
// Requires: every output has at least one valid tap, as SAME and VALID padding guarantee.
#pragma once

#include "base/cpu.h"
#include "kernels/kernel.h"
#include "kernels/window.h"
#include "numeric/activation.h"

namespace liteqat::kernels::pool {

void max_pool_float32(const Window& window, numeric::FloatClamp clamp, Range rows, const float* input, float* output);
void max_pool_int8(const Window& window, numeric::IntClamp clamp, Range rows, const int8_t* input, int8_t* output);
void max_pool_uint8(const Window& window, numeric::IntClamp clamp, Range rows, const uint8_t* input, uint8_t* output);
void max_pool_int16(const Window& window, numeric::IntClamp clamp, Range rows, const int16_t* input, int16_t* output);

/// The sum runs over (ky, kx) ascending in float32 and is divided by the count.
void average_pool_float32(const Window& window, numeric::FloatClamp clamp, Range rows, const float* input, float* output);
/// Sums are of 32 bits. Requires: filter_h * filter_w at most 2^23 for codes of 8 bits, 65535 for int16.
void average_pool_int8(const Window& window, numeric::IntClamp clamp, Range rows, const int8_t* input, int8_t* output);
void average_pool_uint8(const Window& window, numeric::IntClamp clamp, Range rows, const uint8_t* input, uint8_t* output);
void average_pool_int16(const Window& window, numeric::IntClamp clamp, Range rows, const int16_t* input, int16_t* output);

struct Int8Kernels {
  using Run = void (*)(const Window& window, numeric::IntClamp clamp, Range rows, const int8_t* input, int8_t* output);
  const char *max_name, *average_name;
  Isa isa;
  int64_t most_taps;  // of an average
  Run max_pool, average_pool;
};

/// The strongest kernels that need no more than `isa` and take filters of so many taps.
const Int8Kernels& find_int8_kernels(int64_t taps, Isa isa);

}  // namespace liteqat::kernels::pool
