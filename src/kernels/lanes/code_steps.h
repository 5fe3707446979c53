// An int8 output as a staircase of its accumulator: a requantization is monotone and has at most 255 steps inside the clamp, so a line in
// float32 whose floor steps at the same accumulators replaces it, exactly. This file finds such a line and proves it; the vector code that
// evaluates it is lanes/step_requantizer.h. Not every requantization has one: multipliers of 1 or more do not, nor accumulators without
// a bound.
//
// The proof. With real multiplier m / U, U = 2^(31 + s), both roundings together (numeric/fixed_point.h) give the code
//   floor((accumulator * m + D) / U), D = zero_point * U + 2^(s + 30) + 2^30 where the result is >= 0, and - 2^30 instead below it
// (s = 0: + 2^30, no second rounding). A line of the same slope keeps every step while its shift from D is less than the distance of
// accumulator * m + D from a multiple of U at the two accumulators on either side of each step; shifting D to the middle of that slack
// leaves room for the rounding errors of the float evaluation, whose bound find_code_steps compares with the slack.
#pragma once

#include <cstdint>

#include "numeric/activation.h"
#include "numeric/fixed_point.h"

namespace liteqat::kernels::lanes {

/// All values the accumulator can take (bias included) lie in [least, most].
struct AccumulatorBounds {
  int64_t least = INT32_MIN, most = INT32_MAX;
};

/// For x = float(accumulator + offset), with fused multiply-add: code = floor(x * high + (x * low + constant)), the outer operation
/// rounded down, the inner one to nearest; constant = above if accumulator + offset >= split, else below. What lies outside the clamp
/// stays outside.
struct CodeSteps {
  int32_t offset = 0, split = 0;
  float high = 0, low = 0, above = 0, below = 0;
  bool two_sided = false;  // false: `above` serves both sides
};

/// Fills `steps`. Returns: false, with `steps` untouched, where they cannot be proved equal for every accumulator in the bounds. Requires:
/// multiplier as quantize_multiplier makes it, -255 <= low <= high <= 255, high - low <= 255.
bool find_code_steps(numeric::Multiplier multiplier, int32_t zero_point, numeric::IntClamp clamp, const AccumulatorBounds& bounds,
                     CodeSteps* steps);

/// Bounds of sum over k of w[k] * x[k] + bias for x in [-128 - zero_point, 127 - zero_point]; 0 (a padded tap) lies between them.
AccumulatorBounds accumulator_bounds(const int8_t* weights, int64_t count, int64_t stride, int32_t bias, int32_t zero_point);

}  // namespace liteqat::kernels::lanes
