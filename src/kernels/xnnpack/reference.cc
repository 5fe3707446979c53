#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <type_traits>

#include "kernels/xnnpack/xnnpack.h"
#include "numeric/requantize.h"

namespace liteqat::kernels::xnnpack {
namespace {

template <typename Elem>
constexpr numeric::IntClamp kLimits = {std::numeric_limits<Elem>::min(), std::numeric_limits<Elem>::max()};

template <typename Elem>
Elem to_code(int32_t value) {
  return static_cast<Elem>(std::clamp(value, kLimits<Elem>.low, kLimits<Elem>.high));
}

}  // namespace

bool takes_add(const Affine& a, const Affine& b, const Affine& output) {
  const auto taken = [](float quotient) { return quotient >= 0x1p-10f && quotient < 0x1p8f; };
  return taken(a.scale / output.scale) && taken(b.scale / output.scale);
}

AddParams make_add_params(const Affine& a, const Affine& b, const Affine& output) {
  const float a_quotient = a.scale / output.scale, b_quotient = b.scale / output.scale;
  AddParams params;
  params.shift = 20 - std::ilogb(std::max(a_quotient, b_quotient));
  params.a_multiplier = static_cast<int32_t>(std::lrint(std::ldexp(a_quotient, params.shift)));
  params.b_multiplier = static_cast<int32_t>(std::lrint(std::ldexp(b_quotient, params.shift)));
  params.bias = (1 << (params.shift - 1)) - params.a_multiplier * a.zero_point - params.b_multiplier * b.zero_point;
  params.output_zero_point = output.zero_point;
  return params;
}

template <typename Elem>
void add(const AddParams& params, const Elem* a, const Elem* b, Elem* output) {
  const Extents& extents = params.broadcast.extents;
  const int64_t count = std::accumulate(extents.begin(), extents.end(), int64_t{1}, std::multiplies<>());
  for_pairs(params.broadcast, {0, count}, [&](int64_t a_offset, int64_t b_offset, int64_t offset) {
    const int32_t sum = params.bias + a[a_offset] * params.a_multiplier + b[b_offset] * params.b_multiplier;
    output[offset] = static_cast<Elem>(std::clamp((sum >> params.shift) + params.output_zero_point, params.clamp.low, params.clamp.high));
  });
}

MeanParams make_mean_params(const mean::Reduction& reduction, const Affine& input, const Affine& output) {
  MeanParams params = {.reduction = reduction};
  const float inverse_count = 1.0f / static_cast<float>(reduction.reduced_elems);
  params.factor = input.scale / output.scale * inverse_count;
  const float zeros = static_cast<float>(reduction.reduced_elems) * static_cast<float>(input.zero_point);
  params.offset = static_cast<float>(output.zero_point) - zeros * params.factor;
  return params;
}

template <typename Elem>
void mean(const MeanParams& params, const Elem* input, int32_t* scratch, Elem* output) {
  const mean::Reduction& reduction = params.reduction;
  const int32_t columns = reduction.extents[kMaxRank - 1];
  const int64_t step = reduction.output[kMaxRank - 1];
  std::fill_n(scratch, reduction.output_elems, 0);
  for_rows(reduction.extents, reduction.output, Strides{}, [&](int64_t out, int64_t) {
    for (int64_t column = 0; column < columns; ++column) scratch[out + column * step] += *input++;
  });
  const auto low = static_cast<float>(kLimits<Elem>.low), high = static_cast<float>(kLimits<Elem>.high);
  for (int64_t out = 0; out < reduction.output_elems; ++out) {
    const float value = static_cast<float>(scratch[out]) * params.factor + params.offset;
    output[out] = static_cast<Elem>(numeric::round_half_even(std::min(std::max(value, low), high)));
  }
}

template <typename Elem>
void quantize(int64_t count, const Affine& output_params, const float* input, Elem* output) {
  const float inverse_scale = 1.0f / output_params.scale;
  constexpr float kLow = std::numeric_limits<int16_t>::min(), kHigh = std::numeric_limits<int16_t>::max();
  for (int64_t index = 0; index < count; ++index) {
    const float scaled = input[index] * inverse_scale;
    const float held = scaled < kHigh ? std::max(scaled, kLow) : kHigh;
    output[index] = to_code<Elem>(numeric::round_half_even(held) + output_params.zero_point);
  }
}

bool takes_requantize(const Affine& input, const Affine& output, float alpha) {
  const float quotient = input.scale / output.scale, negative = quotient * alpha;
  return quotient >= 0x1p-8f && quotient <= 0x1p7f && negative >= -127.99609375f && negative <= 0x1p7f && std::abs(negative) >= 0x1p-8f;
}

RequantizeParams make_requantize_params(const Affine& input, const Affine& output, float alpha) {
  const float quotient = input.scale / output.scale;
  return {.positive_multiplier = static_cast<int32_t>(std::lrint(256.0f * quotient)),
          .negative_multiplier = static_cast<int32_t>(std::lrint(256.0f * (quotient * alpha))),
          .input_zero_point = input.zero_point,
          .output_zero_point = output.zero_point};
}

template <typename Elem>
void requantize(int64_t count, const RequantizeParams& params, const Elem* input, Elem* output) {
  for (int64_t index = 0; index < count; ++index) {
    const int32_t real = input[index] - params.input_zero_point;
    const int32_t product = real * (real < 0 ? params.negative_multiplier : params.positive_multiplier);
    output[index] = to_code<Elem>(((product + 128) >> 8) + params.output_zero_point);
  }
}

SoftmaxParams make_softmax_params(int64_t rows, int32_t columns, float beta, float input_scale, float output_scale) {
  SoftmaxParams params = {.rows = rows, .columns = columns, .output_scale = output_scale};
  const float scale = -input_scale * beta;
  for (size_t below = 0; below < params.exponentials.size(); ++below)
    params.exponentials[below] = std::exp(scale * static_cast<float>(below));
  return params;
}

template <typename Elem>
void softmax(const SoftmaxParams& params, const Elem* input, Elem* output) {
  for (int64_t row = 0; row < params.rows; ++row, input += params.columns, output += params.columns) {
    const int32_t largest = *std::max_element(input, input + params.columns);
    const auto exponential = [&](int32_t column) { return params.exponentials[static_cast<size_t>(largest - input[column])]; };
    float sum = 0;
    for (int32_t column = 0; column < params.columns; ++column) sum += exponential(column);
    const float inverse = 1.0f / (sum * params.output_scale);
    for (int32_t column = 0; column < params.columns; ++column) {
      const float share = exponential(column) * inverse;
      const auto rounded = static_cast<int32_t>(std::is_signed_v<Elem> ? std::round(share) : share + 0.5f);
      output[column] = to_code<Elem>(rounded + kLimits<Elem>.low);
    }
  }
}

template void add(const AddParams&, const int8_t*, const int8_t*, int8_t*);
template void add(const AddParams&, const uint8_t*, const uint8_t*, uint8_t*);
template void mean(const MeanParams&, const int8_t*, int32_t*, int8_t*);
template void mean(const MeanParams&, const uint8_t*, int32_t*, uint8_t*);
template void quantize(int64_t, const Affine&, const float*, int8_t*);
template void quantize(int64_t, const Affine&, const float*, uint8_t*);
template void requantize(int64_t, const RequantizeParams&, const int8_t*, int8_t*);
template void requantize(int64_t, const RequantizeParams&, const uint8_t*, uint8_t*);
template void softmax(const SoftmaxParams&, const int8_t*, int8_t*);
template void softmax(const SoftmaxParams&, const uint8_t*, uint8_t*);

}  // namespace liteqat::kernels::xnnpack
