// How many multiply-accumulates a core can do at most: bursts of the instruction that an instruction set's kernels are built on, over
// registers only. For benchmarks, which state speed as a share of it; computes nothing of use.
#pragma once

#include <cstdint>

#include "base/cpu.h"

namespace liteqat::kernels::peak {

struct Burst {
  Isa isa;
  const char* name;            // "peak_i8_avx512vnni"
  int64_t macs_per_iteration;  // of one call's innermost step
  int32_t (*run)(int64_t iterations);
};

/// int8 operands, int32 accumulators.
Burst find_int8_burst(Isa isa);
/// float32, with fused multiply-add where the set has it (our kernels do without: they round after each step).
Burst find_float32_burst(Isa isa);

}  // namespace liteqat::kernels::peak
