// A run of int32 accumulators of one channel to int8 codes, as the epilogues of the convolutions compute them inside their tiles. Networks
// do not call this: it exposes that arithmetic alone, so that it can be compared with numeric/fixed_point.h on every accumulator there is.
#pragma once

#include <span>

#include "base/cpu.h"
#include "kernels/lanes/code_steps.h"

namespace liteqat::kernels::requantize {

struct Params {
  numeric::Multiplier multiplier{};
  const float* factors = nullptr;  // not null: Requantization::kFloatHalfEven by its one element instead of the multiplier
  int32_t zero_point = 0;
  numeric::IntClamp clamp{-128, 127};
  lanes::CodeSteps steps{};  // of find_code_steps; read by implementations that are marked so
};

struct Implementation {
  const char* name;
  Isa isa;
  bool along_steps;  // needs Params::steps, and accumulators inside the bounds for which they were found; with factors, inside 2^30 once
                     // multiplied
  /// Requires: count a multiple of 16.
  void (*run)(const Params& params, const int32_t* accumulators, int64_t count, int8_t* codes);
};

/// All that this build has, the scalar definition first.
std::span<const Implementation> implementations();

}  // namespace liteqat::kernels::requantize
