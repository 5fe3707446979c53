// Functions of quantized values by table and interpolation, as TFLite's reference kernels define them: LOGISTIC and TANH of int16 (one
// table of the sigmoid), the two tables of int16 SOFTMAX, and any real function of an 8-bit code. Exact but for the C library's exp,
// whose last bit moves no entry of the tables here.
//
// Sources: tflite/kernels/internal/common.h (LUTPopulate, LUTLookup, sigmoid_table_uint16), reference/integer_ops/logistic.h and tanh.h.
#pragma once

#include <array>
#include <cstdint>

namespace liteqat::numeric {

/// What brings an int16 code to 1 / (3 * 4096), the step of the sigmoid table: (code * multiplier) / 2^shift, rounded.
struct SigmoidStep {
  int32_t multiplier = 0;
  int32_t shift = 0;
};
/// Requires: scale finite, positive, below 2^17 (scales of int16 activations are below 1).
SigmoidStep logistic_step(float input_scale);
SigmoidStep tanh_step(float input_scale);

/// 1 / (1 + exp(-x)) and tanh(x) with output scale 2^-15.
int16_t logistic_int16(int16_t code, const SigmoidStep& step);
int16_t tanh_int16(int16_t code, const SigmoidStep& step);

/// 512 steps over all int16 codes and the value at the end; between entries it is linear.
class Int16Table {
 public:
  /// The function on [low, high]; 1.0 is 2^15 (a hair less: 65536 steps over [-32768, 32767] / 65535 * 2).
  Int16Table(double low, double high, double (*function)(double));
  int16_t look_up(int16_t code) const {
    const int32_t index = 256 + (code >> 7), base = entries_[static_cast<std::size_t>(index)];
    const auto slope = static_cast<int16_t>(entries_[static_cast<std::size_t>(index) + 1] - base);
    return static_cast<int16_t>(base + ((slope * (code & 0x7f) + 64) >> 7));
  }

 private:
  std::array<int16_t, 513> entries_;
};

/// exp on [-10, 0], and 1 / (1 + x) on [0, 1].
const Int16Table& softmax_exp_table();
const Int16Table& softmax_reciprocal_table();

struct Affine {
  float scale = 1;
  int32_t zero_point = 0;
};
/// The code of function(real value of `code`), in float32: LOGISTIC, TANH and ELU of 8-bit codes.
int32_t transform_code(int32_t code, const Affine& input, const Affine& output, float (*function)(float), int32_t low, int32_t high);

}  // namespace liteqat::numeric
