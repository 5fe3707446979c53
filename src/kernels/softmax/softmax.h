// SOFTMAX over the last axis, float32, int8, uint8 and int16, as TFLite's reference kernels. 8-bit is gemmlowp fixed point, its output
// has scale 1/256 and the smallest code as zero point; int16 looks up tables, its output has scale 2^-15. Exact for integers; float32 uses
// the C library's expf and so equals TFLite's on the same one.
#pragma once

#include <array>
#include <cstdint>

#include "kernels/kernel.h"
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
/// The same with codes 128 higher.
void softmax_uint8(const Int8Params& params, const uint8_t* input, uint8_t* output);

/// The same through a table of the exponentials, which depend on nothing but the distance of a code from the largest of its row: what
/// models run. A unit is a row; may work in place.
struct Int8Table {
  int32_t columns = 1;
  std::array<int32_t, 256> exponentials{};  // exp(-distance) in Q0.31, 0 beyond diff_min
  std::array<int32_t, 256> addends{};       // the same in Q12.19, rounded
};
Int8Table make_int8_table(const Int8Params& params);
/// T: int8_t, uint8_t. Equal to softmax_int8 and softmax_uint8.
template <typename T>
void softmax_table(const Int8Table& table, Range units, const T* input, T* output);

struct Int16Params {
  Rows shape;
  numeric::Multiplier multiplier;  // of a difference of codes, to 10 / 65535; shift <= numeric::kMaxShift
};
/// Requires: beta > 0 finite.
Int16Params make_int16_params(const Rows& shape, float beta, float input_scale);
/// A sum of exponentials of 2^16 or more (TFLite's kernel overflows on it) counts as the largest below. A unit is a row; may work in place.
void softmax_int16(const Int16Params& params, Range units, const int16_t* input, int16_t* output);

}  // namespace liteqat::kernels::softmax
