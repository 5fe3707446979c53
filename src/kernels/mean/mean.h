// MEAN over any axes, float32 and int8. The input is walked in memory order; every element is added to its output's sum. float32 sums in
// float32 and divides by the count; int8 multiplies the sum by one fixed-point factor (tflite-int8.md 3.11). Exact.
#pragma once

#include "base/cpu.h"
#include "kernels/extents.h"
#include "kernels/kernel.h"
#include "numeric/fixed_point.h"

namespace liteqat::kernels::mean {

/// The input's extents, and how the output steps along them (0 along reduced axes).
struct Reduction {
  Extents extents{};
  Strides output{};
  int64_t output_elems = 1;
  int64_t reduced_elems = 1;  // inputs per output
  bool all_axes = false;      // every axis of the shape is reduced, also if it is 1 long or there is none
};

void mean_float32(const Reduction& reduction, const float* input, float* output);

struct Int8Params {
  Reduction reduction;
  numeric::Multiplier multiplier;  // make_multiplier
  int32_t input_zero_point = 0, output_zero_point = 0;
};
/// input scale / output scale / count, with the division folded into the mantissa. Requires: count >= 1.
numeric::Multiplier make_multiplier(float input_scale, float output_scale, int64_t count);

/// scratch: int32 [output_elems].
void mean_int8(const Int8Params& params, const int8_t* input, int32_t* scratch, int8_t* output);

/// A reduction of neighbouring axes: input [outer, reduced, inner] -> output [outer, inner].
struct Block {
  int64_t outer = 1, reduced = 1, inner = 1;
};
/// False where kept axes lie between reduced ones.
bool find_block(const Reduction& reduction, Block* block);

/// mean_int8 of a block; a unit is one of the outer positions. No scratch.
struct Int8BlockKernel {
  const char* isa_name;  // the end of the kernel's name; the rest is the operator's
  Isa isa;
  void (*run)(const Int8Params& params, const Block& block, Range outer, const int8_t* input, int8_t* output);
};
/// The strongest kernel that needs no more than `isa`; null where only mean_int8 computes it.
const Int8BlockKernel* find_int8_block_kernel(Isa isa);

/// mean_float32 of a block; a unit is one of the outer positions.
struct Float32BlockKernel {
  const char* name;
  Isa isa;
  void (*run)(const Block& block, Range outer, const float* input, float* output);
};
/// The strongest kernel that needs no more than `isa`; null where only mean_float32 computes it.
const Float32BlockKernel* find_float32_block_kernel(Isa isa);

}  // namespace liteqat::kernels::mean
