// HARD_SWISH of 8-bit codes, x * min(max(x + 3, 0), 6) / 6, in 16-bit fixed point as TFLite's reference kernel
// (tflite/kernels/internal/reference/hard_swish.h). Exact.
#pragma once

#include <cstdint>

#include "numeric/tables.h"

namespace liteqat::numeric {

/// A factor as a 15-bit mantissa and a power of two.
struct Multiplier16 {
  int16_t mantissa = 0;
  int32_t shift = 0;
};

struct HardSwish {
  Multiplier16 to_output;   // of the input on a scale 128 times finer; shift <= 0
  Multiplier16 to_reluish;  // to 2^15 for 3.0; shift <= 31
  int32_t input_zero_point = 0, output_zero_point = 0;
};
/// Requires: scales positive. The caller refuses shifts other than stated (TFLite refuses the first).
HardSwish make_hard_swish(const Affine& input, const Affine& output);

int32_t hard_swish_code(int32_t code, const HardSwish& params, int32_t low, int32_t high);

}  // namespace liteqat::numeric
