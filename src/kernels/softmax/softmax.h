// SOFTMAX over the last axis, float32 and int8, as TFLite's reference kernels. int8 is gemmlowp fixed point (tflite-int8.md 3.12), its
// output has scale 1/256 and zero point -128. Exact for int8; float32 uses the C library's expf and so equals TFLite's on the same one.
#pragma once

#include <cstdint>

#include "numeric/fixed_point.h"

namespace liteqat::kernels::softmax {

struct Rows {
  int64_t rows = 1;
  int32_t columns = 1;
};

/// May work in place.
void softmax_float32(const Rows& shape, float beta, const float* input, float* output);

struct Int8Params {
  Rows shape;
  numeric::Multiplier multiplier;  // of a difference of codes, to Q5.26
  int32_t diff_min = 0;            // differences below this count as exp() = 0
};
/// Requires: beta > 0 finite. softmax_int8 needs 0 <= multiplier.shift <= 31; callers refuse others.
Int8Params make_int8_params(const Rows& shape, float beta, float input_scale);

/// A row whose exponentials sum to 512 or more (TFLite's kernel aborts on it) gives -128 throughout: every probability is below half a
/// step.
void softmax_int8(const Int8Params& params, const int8_t* input, int8_t* output);

}  // namespace liteqat::kernels::softmax
