// Between int8 codes and float gradients, for training on the deployed integers: codes back to real values, and the straight-through mask.
// Element by element, so every instruction set gives the same bits. Single-threaded, no allocation.
#pragma once

#include <cstdint>

#include "base/cpu.h"

namespace liteqat::kernels::train {

struct CodeKernels {
  const char* name;
  /// y = float(code - zero_point) * scale: the difference is exact, the product rounded once.
  void (*dequantize)(const int8_t* codes, float scale, int32_t zero_point, float* y, int64_t elems);
  /// dy becomes 0 where a code lies at an end of the clamp or outside: low < code < high keeps it.
  void (*pass_inside)(const int8_t* codes, int32_t low, int32_t high, float* dy, int64_t elems);
};

const CodeKernels& find_code_kernels(Isa isa);

}  // namespace liteqat::kernels::train
