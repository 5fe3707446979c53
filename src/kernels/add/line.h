// ADD of int8 codes along a line: code = (a * a_slope + b * b_slope + constant) >> shift, clamped, in 32 bits. Where a constant exists that
// makes this equal to the reference arithmetic (add.h) for all 65,536 pairs of codes - found, and thereby proved, by evaluating every one
// of them - it takes half the time of the exact kernels of codes.h. Most scales have one: the two roundings of the reference move a sum by
// a millionth of a step, and the line is exact to a four-millionth. Exact.
#pragma once

#include "kernels/add/codes.h"

namespace liteqat::kernels::add {

/// Slopes are high * 2^15 + low in units of 2^-(shift + 7) codes; low in [0, 2^15).
struct Line {
  int16_t a_high = 0, a_low = 0, b_high = 0, b_low = 0;
  int32_t constant = 0;  // in units of 2^-shift codes
  int32_t shift = 0;
  numeric::IntClamp clamp{};
};

struct LineKernel {
  const char* name;
  Isa isa;
  /// Fills `constant`, given the rest. False where none fits every pair of codes.
  bool (*find_constant)(const CodesParams& params, Line* line);
  void (*run)(const Line& line, int64_t count, const int8_t* a, const int8_t* b, int8_t* output);
};

/// The strongest kernel that needs no more than `isa`, and its line. Null where there is no kernel, or no line for these parameters.
const LineKernel* find_line_kernel(const CodesParams& params, Isa isa, Line* line);

}  // namespace liteqat::kernels::add
