// What the weighted operators share when they run on kernels/weighted and kernels/transpose_conv. Not for use outside this folder.
#pragma once

#include <vector>

#include "kernels/weighted/weighted.h"
#include "runtime/arithmetic.h"
#include "runtime/step.h"

namespace liteqat::runtime {

/// A weighted operator as a window (a dense layer is a convolution of single pixels), and where its operands stand. Weights are input 1.
struct WeightedShape {
  kernels::Window window{};
  kernels::weighted::Channels channels{};
  graph::Activation activation{};
  bool dense = false, transposed = false;
  size_t input = 0, bias = 2;
};

/// One entry per output channel. Fails: kOutOfRange where a factor is too large for an accumulator.
Result<std::vector<numeric::Rescale>> make_rescales(const OpContext& context, const WeightedShape& shape,
                                                    const WeightedArithmetic& arithmetic);

/// Whether XNNPACK runs it: constant weights, factors below 256 (in float32). LiteRT's own kernels run the rest.
bool xnnpack_takes(const OpContext& context, const WeightedShape& shape);

/// int8, uint8 and int16 input.
Result<Step> make_weighted_integer_step(const OpContext& context, const WeightedShape& shape);
/// float32 input, float32 or int8 weights.
Result<Step> make_weighted_float_step(const OpContext& context, const WeightedShape& shape);

}  // namespace liteqat::runtime
