// PAD with one value (0 for float32, the zero point for int8) before and after each axis. Copies, exact. Output must not overlap input.
#pragma once

#include <cstdint>

#include "kernels/extents.h"

namespace liteqat::kernels::pad {

struct Params {
  Extents input{};
  Extents before{}, after{};
};

void pad_float32(const Params& params, const float* input, float* output);
void pad_int8(const Params& params, int8_t value, const int8_t* input, int8_t* output);

}  // namespace liteqat::kernels::pad
