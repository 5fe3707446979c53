// The loops of codes.h, which the compiler turns into vectors of the including file's instruction set. Internal linkage; include from
// reference.cc and x86_*.cc only.
#pragma once

#include "kernels/train/codes/codes.h"

namespace liteqat::kernels::train {
namespace {

// int8_t may alias anything: without __restrict no loop below would be vectorized.
void dequantize(const int8_t* __restrict codes, float scale, int32_t zero_point, float* __restrict y, int64_t elems) {
  for (int64_t i = 0; i < elems; ++i) y[i] = static_cast<float>(codes[i] - zero_point) * scale;
}

void pass_inside(const int8_t* __restrict codes, int32_t low, int32_t high, float* __restrict dy, int64_t elems) {
  for (int64_t i = 0; i < elems; ++i) dy[i] = codes[i] > low && codes[i] < high ? dy[i] : 0.0f;
}

}  // namespace
}  // namespace liteqat::kernels::train
