// Operators of two operands with broadcasting: SUB, MUL, MAXIMUM, MINIMUM, PRELU, and ADD where kernels/add does not have the type. As
// TFLite's reference kernels. Exact; float32 is one IEEE operation a step. The output may be an operand only if that one is not stretched.
//
// A run computes a range of output elements (kernels/broadcast.h); any partition gives the same bytes.
#pragma once

#include "base/cpu.h"
#include "kernels/broadcast.h"
#include "numeric/activation.h"
#include "numeric/rescale.h"

namespace liteqat::kernels::binary {

enum class Arithmetic { kAdd, kSubtract, kMultiply };

/// Held inside [low, high] after the operation; integers wrap before that. T: float, int16_t, int32_t, int64_t.
template <typename T>
struct PlainParams {
  Broadcast broadcast;
  Arithmetic operation = Arithmetic::kAdd;
  T low{}, high{};
};
template <typename T>
void compute_plain(const PlainParams<T>& params, Range elems, const T* a, const T* b, T* output);

/// a + b or a - b of codes brought to a common scale (tflite-int8.md 3.8). T: int8_t, uint8_t, int16_t.
struct SumParams {
  Broadcast broadcast;
  numeric::AddRescale rescale;  // all shifts <= 0
  int32_t left_shift = numeric::kAddLeftShift;
  bool subtract = false;
  int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  numeric::IntClamp clamp{};
};
template <typename T>
void compute_sum(const SumParams& params, Range elems, const T* a, const T* b, T* output);

/// The older int16 kernel: scales are powers of two, the finer operand is shifted right, rounded.
struct ShiftedSumParams {
  Broadcast broadcast;
  int32_t a_right_shift = 0, b_right_shift = 0;  // 0 to 31
  bool subtract = false;
  numeric::IntClamp clamp{};
};
void compute_shifted_sum(const ShiftedSumParams& params, Range elems, const int16_t* a, const int16_t* b, int16_t* output);

/// a * b of codes, rescaled. T: int8_t, uint8_t, int16_t.
struct ProductParams {
  Broadcast broadcast;
  numeric::Multiplier multiplier;  // shift <= numeric::kMaxShift
  int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  numeric::IntClamp clamp{};
};
template <typename T>
void compute_product(const ProductParams& params, Range elems, const T* a, const T* b, T* output);

/// a * b of codes as XNNPACK rescales it: product * factor in float32, to the nearest integer, ties to even. Where XNNPACK takes the
/// scales (the factor lies in [2^-16, 2^8)) this is LiteRT's default on a CPU. T: int8_t, uint8_t.
struct FloatProductParams {
  Broadcast broadcast;
  float factor = 1;  // numeric::product_rescale
  int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  numeric::IntClamp clamp{};
};
template <typename T>
void compute_float_product(const FloatProductParams& params, Range elems, const T* a, const T* b, T* output);

/// The larger or smaller of both codes or numbers; of unordered ones (NaN) the second. T: every element type but bool.
template <typename T>
void compute_maximum(const Broadcast& broadcast, Range elems, const T* a, const T* b, T* output);
template <typename T>
void compute_minimum(const Broadcast& broadcast, Range elems, const T* a, const T* b, T* output);

/// x where x >= 0, else x * alpha. T: int8_t, uint8_t (alpha of the same type), int16_t (alpha int8_t).
struct PreluParams {
  Broadcast broadcast;
  numeric::Multiplier positive, negative;  // shift <= numeric::kMaxShift
  int32_t input_zero_point = 0, alpha_zero_point = 0, output_zero_point = 0;
};
template <typename T, typename Alpha>
void compute_prelu(const PreluParams& params, Range elems, const T* input, const Alpha* alpha, T* output);
void compute_prelu_float32(const Broadcast& broadcast, Range elems, const float* input, const float* alpha, float* output);

/// The product of int8 codes along one stretch of a walk: `count` outputs side by side, operands that step by 1 or stand still (0).
struct ProductKernel {
  const char* name;
  Isa isa;
  void (*run)(const ProductParams& params, int64_t count, const int8_t* a, int64_t a_step, const int8_t* b, int64_t b_step, int8_t* output);
};
/// The strongest kernel that needs no more than `isa`; null where only compute_product computes it.
const ProductKernel* find_product_kernel(Isa isa);

}  // namespace liteqat::kernels::binary
