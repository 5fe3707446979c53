// Operators on 8-bit codes as LiteRT runs them by default on a CPU: XNNPACK's ADD, MEAN, QUANTIZE and LEAKY_RELU, and the SOFTMAX of
// LiteRT's optimized kernels, which XNNPACK does not take. Written after their sources (src/xnnpack/requantization.h, src/operators/
// reduce-nd.c, src/microparams-init.c; tflite/kernels/internal/optimized/optimized_ops.h). Plain loops, and vector
// kernels for ADD; Elem is int8_t or uint8_t.
//
// Exact, but SOFTMAX uses the C library's expf and so equals LiteRT's on the same one. Weighted operators: conv2d, depthwise_conv2d,
// weighted.
#pragma once

#include <array>
#include <cstdint>

#include "base/cpu.h"
#include "kernels/broadcast.h"
#include "kernels/mean/mean.h"
#include "numeric/activation.h"
#include "numeric/tables.h"

namespace liteqat::kernels::xnnpack {

using numeric::Affine;

/// y = (bias + a * a_multiplier + b * b_multiplier) >> shift, plus zero point, clamped: one rounding, ties up.
struct AddParams {
  Broadcast broadcast;
  int32_t bias = 0, a_multiplier = 0, b_multiplier = 0, shift = 0;
  int32_t output_zero_point = 0;
  numeric::IntClamp clamp{};
};

/// Whether XNNPACK takes the scales: both quotients in [2^-10, 2^8).
bool takes_add(const Affine& a, const Affine& b, const Affine& output);
/// Multipliers of 21 bits for the larger of both quotients. Broadcast and clamp are the caller's. Requires: takes_add.
AddParams make_add_params(const Affine& a, const Affine& b, const Affine& output);
template <typename Elem>
void add(const AddParams& params, const Elem* a, const Elem* b, Elem* output);

/// The same for `count` neighbouring codes of both operands.
struct AddKernel {
  const char* name;
  Isa isa;
  void (*run)(const AddParams& params, int64_t count, const int8_t* a, const int8_t* b, int8_t* output);
};
/// The strongest that needs no more than `isa`; null where there is none.
const AddKernel* find_add_kernel(Isa isa);

/// y = round_half_even(sum * factor + offset), all in float32.
struct MeanParams {
  mean::Reduction reduction;
  float factor = 0, offset = 0;
};
MeanParams make_mean_params(const mean::Reduction& reduction, const Affine& input, const Affine& output);
/// scratch: reduction.output_elems sums.
template <typename Elem>
void mean(const MeanParams& params, const Elem* input, int32_t* scratch, Elem* output);

/// y = round_half_even(x * (1 / scale)) + zero point; NaN gives the largest code.
template <typename Elem>
void quantize(int64_t count, const Affine& output_params, const float* input, Elem* output);

/// y = ((x - zero point) * multiplier + 128) >> 8, plus zero point; one multiplier for each sign (LEAKY_RELU), or the same (QUANTIZE).
struct RequantizeParams {
  int32_t positive_multiplier = 0, negative_multiplier = 0;
  int32_t input_zero_point = 0, output_zero_point = 0;
};
/// Whether XNNPACK takes the scales: the quotient in [2^-8, 2^7]; times alpha (1 for QUANTIZE) in [-2^7, 2^7] and not below 2^-8 in size.
bool takes_requantize(const Affine& input, const Affine& output, float alpha);
RequantizeParams make_requantize_params(const Affine& input, const Affine& output, float alpha);
template <typename Elem>
void requantize(int64_t count, const RequantizeParams& params, const Elem* input, Elem* output);

struct SoftmaxParams {
  int64_t rows = 1;
  int32_t columns = 1;
  float output_scale = 0;
  std::array<float, 256> exponentials{};  // of a code that lies `index` below the largest of its row
};
SoftmaxParams make_softmax_params(int64_t rows, int32_t columns, float beta, float input_scale, float output_scale);
template <typename Elem>
void softmax(const SoftmaxParams& params, const Elem* input, Elem* output);

}  // namespace liteqat::kernels::xnnpack
