// Where the deployed integer operators round, in real numbers: what a float evaluation needs to round at the same places. Fake
// quantization rounds a result once, TFLite's operators round an accumulator twice (docs/arithmetic.md section 4); a code in a hundred
// differs, and a deep network makes more of it. Holds no integer arithmetic: scales are read from the lowered graph, nothing else.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/plan.h"

namespace liteqat::quant {

/// How the codes of one activation come about, the zero point left out. Entries by output channel, or one for all.
///   sum  = x / unit                                     a whole number, but for the noise of float arithmetic
///   sum  = half_away(sum / divisor + offset) - offset   average pooling only
///   code = half_away(floor(sum * factor * first + 1/2) / first)
struct Requantization {
  std::vector<double> unit;    // real value of one step of the accumulator; empty: one rounding, as fake quantization does it
  std::vector<double> factor;  // steps of the accumulator to steps of the output
  std::vector<double> first;   // a power of two: the product is first rounded to 1/first of an output step
  int32_t divisor = 1;         // taps under a pooling window
  int32_t offset = 0;          // zero point on which the average is rounded
};

/// One entry for each of plan.quantizers, empty for weights and for what the integer operators round once (the input, SOFTMAX).
/// Fails as lower_to_int8 does.
Result<std::vector<Requantization>> find_requantizations(const graph::Graph& model, const Plan& plan);

}  // namespace liteqat::quant
