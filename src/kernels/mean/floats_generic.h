// MEAN of float32 over neighbouring axes, a vector of outputs at a time, each summed in memory order. Shared by the instruction sets; a
// Lanes type of internal linkage gives the steps.
#pragma once

#include "kernels/mean/implementations.h"

namespace liteqat::kernels::mean {

template <typename Lanes>
struct FloatBlock {
  using Float = typename Lanes::Float;
  static constexpr int64_t kColumns = 4 * Lanes::kCount;  // summed at once: an addition waits for the one before

  [[gnu::always_inline]] static void run_columns(const Block& block, int64_t count, const float* from, Float* sums) {
    for (int64_t position = 0; position < block.reduced; ++position, from += block.inner) {
#pragma GCC unroll 4
      for (int64_t vector = 0; vector < count; ++vector)
        sums[vector] = Lanes::add(sums[vector], Lanes::load(from + vector * Lanes::kCount));
    }
  }

  static void run(const Block& block, Range outer, const float* input, float* output) {
    const auto elems = static_cast<float>(block.reduced);
    const Float divisor = Lanes::broadcast(elems);
    for (int64_t position = outer.begin; position < outer.end; ++position) {
      const float* from = input + position * block.reduced * block.inner;
      float* to = output + position * block.inner;
      int64_t column = 0;
      for (; column + kColumns <= block.inner; column += kColumns) {
        Float sums[4] = {Lanes::zero_float(), Lanes::zero_float(), Lanes::zero_float(), Lanes::zero_float()};
        run_columns(block, 4, from + column, sums);
        for (int64_t vector = 0; vector < 4; ++vector)
          Lanes::store(to + column + vector * Lanes::kCount, Lanes::divide(sums[vector], divisor));
      }
      for (; column + Lanes::kCount <= block.inner; column += Lanes::kCount) {
        Float sum = Lanes::zero_float();
        run_columns(block, 1, from + column, &sum);
        Lanes::store(to + column, Lanes::divide(sum, divisor));
      }
      for (; column < block.inner; ++column) {
        float sum = 0;
        for (int64_t at = 0; at < block.reduced; ++at) sum += from[at * block.inner + column];
        to[column] = sum / elems;
      }
    }
  }
};

}  // namespace liteqat::kernels::mean
