// Products of rows of floats with packed weights (lanes/float_tile.h), one pair of functions per instruction set, for convolutions on
// strips and for fully connected layers: the tiles are the largest part of both. Called by kernels of the same set.
#pragma once

#include <cstdint>

#include "kernels/lanes/blocks.h"
#include "numeric/activation.h"
#include "numeric/float_sum.h"

namespace liteqat::kernels::float_products {

/// The taps that a row is multiplied with: segments of neighbouring floats, each at its offset from the row's begin.
struct Taps {
  const int64_t* offsets;
  int64_t segments, taps;  // taps of a segment

  [[gnu::always_inline]] int64_t count() const { return segments * taps; }
};

struct Epilogue {
  const float* bias;  // by position
  numeric::FloatClamp clamp;
  int64_t row_elems;  // of the output
};

/// `rows` rows by one block of packed weights; output: where the first row's channel 0 goes.
using Multiply = void (*)(const Epilogue& epilogue, const Taps& taps, const float* from, int64_t row_delta, int64_t rows,
                          const float* packed, const lanes::ChannelBlock& block, float* output);

#define LITEQAT_FLOAT_PRODUCTS(isa)                                                                                                   \
  void multiply_rounded_##isa(const Epilogue&, const Taps&, const float*, int64_t, int64_t, const float*, const lanes::ChannelBlock&, \
                              float*);                                                                                                \
  void multiply_fused_##isa(const Epilogue&, const Taps&, const float*, int64_t, int64_t, const float*, const lanes::ChannelBlock&, float*)
LITEQAT_FLOAT_PRODUCTS(avx512);
LITEQAT_FLOAT_PRODUCTS(avx2);
LITEQAT_FLOAT_PRODUCTS(neondot);
#undef LITEQAT_FLOAT_PRODUCTS

}  // namespace liteqat::kernels::float_products
