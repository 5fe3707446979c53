#include <algorithm>
#include <cmath>

#include "kernels/activation/activation.h"

namespace liteqat::kernels::activation {
namespace {

template <typename T, typename Function>
void map(Range elems, const T* input, T* output, const Function& function) {
  for (int64_t index = elems.begin; index < elems.end; ++index) output[index] = function(input[index]);
}

}  // namespace

void clamp_float32(Range elems, numeric::FloatClamp clamp, const float* input, float* output) {
  map(elems, input, output, [&](float x) { return std::min(std::max(x, clamp.low), clamp.high); });
}

void leaky_relu_float32(Range elems, float alpha, const float* input, float* output) {
  map(elems, input, output, [&](float x) { return x > 0.0f ? x : x * alpha; });
}

float elu(float x) {
  return x < 0.0f ? std::expm1(x) : x;
}

float hard_swish(float x) {
  return x * std::min(6.0f, std::max(0.0f, x + 3.0f)) / 6.0f;
}

float logistic(float x) {
  constexpr float kOneFrom = 16.619047164916992188f, kExpBelow = -9.0f;  // TFLite's, where the formula would lose nothing or everything
  if (x > kOneFrom) return 1.0f;
  return x < kExpBelow ? std::exp(x) : 1.0f / (1.0f + std::exp(-x));
}

float hyperbolic_tangent(float x) {
  return std::tanh(x);
}

void map_float32(Range elems, float (*function)(float), const float* input, float* output) {
  map(elems, input, output, function);
}

int32_t rescale_and_clamp(int32_t code, const ClampParams& params) {
  const int32_t scaled = numeric::multiply_by_quantized_multiplier(code - params.input_zero_point, params.multiplier);
  return std::min(std::max(numeric::wrapping_add(scaled, params.output_zero_point), params.clamp.low), params.clamp.high);
}

void rescale_clamp_int16(Range elems, const ClampParams& params, const int16_t* input, int16_t* output) {
  map(elems, input, output, [&](int16_t code) { return static_cast<int16_t>(rescale_and_clamp(code, params)); });
}

int32_t leaky_relu_code(int32_t code, const LeakyParams& params) {
  const int32_t x = code - params.input_zero_point;
  int32_t scaled = numeric::multiply_by_quantized_multiplier(x, x >= 0 ? params.positive : params.negative);
  if (x < 0 && params.negated) scaled = numeric::wrapping_add(~scaled, 1);
  return std::clamp(numeric::wrapping_add(scaled, params.output_zero_point), params.codes.low, params.codes.high);
}

void leaky_relu_int16(Range elems, const LeakyParams& params, const int16_t* input, int16_t* output) {
  map(elems, input, output, [&](int16_t code) { return static_cast<int16_t>(leaky_relu_code(code, params)); });
}

void logistic_int16(Range elems, const numeric::SigmoidStep& step, const int16_t* input, int16_t* output) {
  map(elems, input, output, [&](int16_t code) { return numeric::logistic_int16(code, step); });
}

void tanh_int16(Range elems, const numeric::SigmoidStep& step, const int16_t* input, int16_t* output) {
  map(elems, input, output, [&](int16_t code) { return numeric::tanh_int16(code, step); });
}

}  // namespace liteqat::kernels::activation
