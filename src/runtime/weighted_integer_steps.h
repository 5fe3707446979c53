// What the weighted operators share when they run on kernels/weighted. Not for use outside this folder.
#pragma once

#include <vector>

#include "kernels/weighted/weighted.h"
#include "runtime/arithmetic.h"
#include "runtime/step.h"

namespace liteqat::runtime {

/// A weighted operator as a window: a dense layer is a convolution of single pixels.
struct WeightedShape {
  kernels::Window window{};
  kernels::weighted::Channels channels{};
  graph::Activation activation{};
  bool dense = false;
};

/// One entry per output channel. Fails: kOutOfRange where a factor is too large for an accumulator.
Result<std::vector<numeric::Rescale>> make_rescales(const OpContext& context, const WeightedArithmetic& arithmetic, int32_t channels);

Result<Step> make_weighted_integer_step(const OpContext& context, const WeightedShape& shape);

}  // namespace liteqat::runtime
