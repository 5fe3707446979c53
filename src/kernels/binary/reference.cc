#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/binary/binary.h"

namespace liteqat::kernels::binary {
namespace {

using numeric::multiply_by_quantized_multiplier;

/// Integers modulo 2^bits, float32 as it is.
template <typename T>
T apply(Arithmetic operation, T a, T b) {
  using Wide = std::conditional_t<std::is_floating_point_v<T>, T, uint64_t>;
  const auto x = static_cast<Wide>(a), y = static_cast<Wide>(b);
  switch (operation) {
    case Arithmetic::kAdd:
      return static_cast<T>(x + y);
    case Arithmetic::kSubtract:
      return static_cast<T>(x - y);
    case Arithmetic::kMultiply:
      return static_cast<T>(x * y);
  }
  return T{};
}

template <typename T>
T hold(int32_t code, const numeric::IntClamp& clamp) {
  return static_cast<T>(std::min(std::max(code, clamp.low), clamp.high));
}

}  // namespace

template <typename T>
void compute_plain(const PlainParams<T>& params, Range elems, const T* a, const T* b, T* output) {
  for_pairs(params.broadcast, elems, [&](int64_t a_offset, int64_t b_offset, int64_t offset) {
    output[offset] = std::min(std::max(apply(params.operation, a[a_offset], b[b_offset]), params.low), params.high);
  });
}
template void compute_plain(const PlainParams<float>&, Range, const float*, const float*, float*);
template void compute_plain(const PlainParams<int16_t>&, Range, const int16_t*, const int16_t*, int16_t*);
template void compute_plain(const PlainParams<int32_t>&, Range, const int32_t*, const int32_t*, int32_t*);
template void compute_plain(const PlainParams<int64_t>&, Range, const int64_t*, const int64_t*, int64_t*);

template <typename T>
void compute_sum(const SumParams& params, Range elems, const T* a, const T* b, T* output) {
  const int32_t scale = 1 << params.left_shift;
  for_pairs(params.broadcast, elems, [&](int64_t a_offset, int64_t b_offset, int64_t offset) {
    const int32_t a_fine = multiply_by_quantized_multiplier((a[a_offset] - params.a_zero_point) * scale, params.rescale.a);
    const int32_t b_fine = multiply_by_quantized_multiplier((b[b_offset] - params.b_zero_point) * scale, params.rescale.b);
    const int32_t sum = params.subtract ? a_fine - b_fine : a_fine + b_fine;
    output[offset] = hold<T>(multiply_by_quantized_multiplier(sum, params.rescale.output) + params.output_zero_point, params.clamp);
  });
}
template void compute_sum(const SumParams&, Range, const int8_t*, const int8_t*, int8_t*);
template void compute_sum(const SumParams&, Range, const uint8_t*, const uint8_t*, uint8_t*);
template void compute_sum(const SumParams&, Range, const int16_t*, const int16_t*, int16_t*);

void compute_shifted_sum(const ShiftedSumParams& params, Range elems, const int16_t* a, const int16_t* b, int16_t* output) {
  for_pairs(params.broadcast, elems, [&](int64_t a_offset, int64_t b_offset, int64_t offset) {
    const int32_t a_scaled = numeric::rounding_divide_by_pot(a[a_offset], params.a_right_shift);
    const int32_t b_scaled = numeric::rounding_divide_by_pot(b[b_offset], params.b_right_shift);
    output[offset] = hold<int16_t>(params.subtract ? a_scaled - b_scaled : a_scaled + b_scaled, params.clamp);
  });
}

template <typename T>
void compute_product(const ProductParams& params, Range elems, const T* a, const T* b, T* output) {
  for_pairs(params.broadcast, elems, [&](int64_t a_offset, int64_t b_offset, int64_t offset) {
    const int32_t product = (a[a_offset] - params.a_zero_point) * (b[b_offset] - params.b_zero_point);
    const int32_t scaled = multiply_by_quantized_multiplier(product, params.multiplier);
    output[offset] = hold<T>(numeric::wrapping_add(scaled, params.output_zero_point), params.clamp);
  });
}
template void compute_product(const ProductParams&, Range, const int8_t*, const int8_t*, int8_t*);
template void compute_product(const ProductParams&, Range, const uint8_t*, const uint8_t*, uint8_t*);
template void compute_product(const ProductParams&, Range, const int16_t*, const int16_t*, int16_t*);

template <typename T>
void compute_float_product(const FloatProductParams& params, Range elems, const T* a, const T* b, T* output) {
  for_pairs(params.broadcast, elems, [&](int64_t a_offset, int64_t b_offset, int64_t offset) {
    const int32_t product = (a[a_offset] - params.a_zero_point) * (b[b_offset] - params.b_zero_point);
    const auto scaled = static_cast<int32_t>(std::nearbyint(static_cast<float>(product) * params.factor));  // below 2^16 * 2^8
    output[offset] = hold<T>(scaled + params.output_zero_point, params.clamp);
  });
}
template void compute_float_product(const FloatProductParams&, Range, const int8_t*, const int8_t*, int8_t*);
template void compute_float_product(const FloatProductParams&, Range, const uint8_t*, const uint8_t*, uint8_t*);

template <typename T>
void compute_maximum(const Broadcast& broadcast, Range elems, const T* a, const T* b, T* output) {
  for_pairs(broadcast, elems, [&](int64_t a_offset, int64_t b_offset, int64_t offset) {
    output[offset] = a[a_offset] > b[b_offset] ? a[a_offset] : b[b_offset];
  });
}

template <typename T>
void compute_minimum(const Broadcast& broadcast, Range elems, const T* a, const T* b, T* output) {
  for_pairs(broadcast, elems, [&](int64_t a_offset, int64_t b_offset, int64_t offset) {
    output[offset] = a[a_offset] < b[b_offset] ? a[a_offset] : b[b_offset];
  });
}
template void compute_maximum(const Broadcast&, Range, const float*, const float*, float*);
template void compute_maximum(const Broadcast&, Range, const int8_t*, const int8_t*, int8_t*);
template void compute_maximum(const Broadcast&, Range, const uint8_t*, const uint8_t*, uint8_t*);
template void compute_maximum(const Broadcast&, Range, const int16_t*, const int16_t*, int16_t*);
template void compute_maximum(const Broadcast&, Range, const int32_t*, const int32_t*, int32_t*);
template void compute_maximum(const Broadcast&, Range, const int64_t*, const int64_t*, int64_t*);
template void compute_minimum(const Broadcast&, Range, const float*, const float*, float*);
template void compute_minimum(const Broadcast&, Range, const int8_t*, const int8_t*, int8_t*);
template void compute_minimum(const Broadcast&, Range, const uint8_t*, const uint8_t*, uint8_t*);
template void compute_minimum(const Broadcast&, Range, const int16_t*, const int16_t*, int16_t*);
template void compute_minimum(const Broadcast&, Range, const int32_t*, const int32_t*, int32_t*);
template void compute_minimum(const Broadcast&, Range, const int64_t*, const int64_t*, int64_t*);

template <typename T, typename Alpha>
void compute_prelu(const PreluParams& params, Range elems, const T* input, const Alpha* alpha, T* output) {
  constexpr numeric::IntClamp kCodes = {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
  for_pairs(params.broadcast, elems, [&](int64_t input_offset, int64_t alpha_offset, int64_t offset) {
    const int32_t x = input[input_offset] - params.input_zero_point;
    const int32_t scaled = x >= 0 ? multiply_by_quantized_multiplier(x, params.positive)
                                  : multiply_by_quantized_multiplier(x * (alpha[alpha_offset] - params.alpha_zero_point), params.negative);
    output[offset] = hold<T>(numeric::wrapping_add(scaled, params.output_zero_point), kCodes);
  });
}
template void compute_prelu(const PreluParams&, Range, const int8_t*, const int8_t*, int8_t*);
template void compute_prelu(const PreluParams&, Range, const uint8_t*, const uint8_t*, uint8_t*);
template void compute_prelu(const PreluParams&, Range, const int16_t*, const int8_t*, int16_t*);

void compute_prelu_float32(const Broadcast& broadcast, Range elems, const float* input, const float* alpha, float* output) {
  for_pairs(broadcast, elems, [&](int64_t input_offset, int64_t alpha_offset, int64_t offset) {
    const float x = input[input_offset];
    output[offset] = x >= 0.0f ? x : x * alpha[alpha_offset];
  });
}

}  // namespace liteqat::kernels::binary
