#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/rows/rows.h"

namespace liteqat::kernels::rows {
namespace {

using numeric::multiply_by_quantized_multiplier;

constexpr int32_t kSumIntegerBits = 12;  // Q12.19
constexpr int32_t kOutputShift = 22;     // from Q5.26 to sixteenths

/// log(sum of exp(code - largest)) in Q5.26.
template <typename T>
int32_t log_of_sum(const LogSoftmaxParams& params, int32_t largest, const T* input) {
  int64_t sum = 0;
  for (int32_t column = 0; column < params.columns; ++column) {
    const int32_t difference = input[column] - largest;
    if (difference < params.diff_min) continue;
    const int32_t scaled = multiply_by_quantized_multiplier(difference, params.multiplier);
    sum += numeric::rounding_divide_by_pot(numeric::exp_on_negative(scaled), kSumIntegerBits);
  }
  return numeric::log_of_at_least_one(static_cast<int32_t>(std::min<int64_t>(sum, INT32_MAX)));
}

template <typename T>
void log_softmax_row(const LogSoftmaxParams& params, const T* input, T* output) {
  constexpr int32_t kLow = std::numeric_limits<T>::min(), kHigh = std::numeric_limits<T>::max();
  const int32_t largest = *std::max_element(input, input + params.columns);
  const int32_t log_sum = log_of_sum(params, largest, input);
  const int32_t least =
      std::max(params.diff_min - 1, multiply_by_quantized_multiplier(numeric::wrapping_add(log_sum, INT32_MIN), params.reverse));
  for (int32_t column = 0; column < params.columns; ++column) {
    const int32_t difference = input[column] - largest;
    int32_t code = kLow;
    if (difference > least) {
      const int32_t scaled = multiply_by_quantized_multiplier(difference, params.multiplier);
      code = numeric::rounding_divide_by_pot(numeric::wrapping_add(scaled, -log_sum), kOutputShift) + kHigh;
    }
    output[column] = static_cast<T>(std::clamp(code, kLow, kHigh));
  }
}

template <typename T>
int32_t sum_of_squares(int32_t columns, int32_t zero_point, const T* input) {
  int64_t sum = 0;
  for (int32_t column = 0; column < columns; ++column) {
    const int32_t x = input[column] - zero_point;
    sum += x * x;
  }
  return static_cast<int32_t>(std::min<int64_t>(sum, INT32_MAX));
}

}  // namespace

void log_softmax_float32(Range units, int32_t columns, const float* input, float* output) {
  for (int64_t row = units.begin; row < units.end; ++row) {
    const float* x = input + row * columns;
    float* y = output + row * columns;
    const float largest = *std::max_element(x, x + columns);
    float sum = 0;
    for (int32_t column = 0; column < columns; ++column) sum += std::exp(x[column] - largest);
    const float log_sum = std::log(sum);
    for (int32_t column = 0; column < columns; ++column) y[column] = x[column] - largest - log_sum;
  }
}

template <typename T>
void log_softmax(const LogSoftmaxParams& params, Range units, const T* input, T* output) {
  for (int64_t row = units.begin; row < units.end; ++row) {
    log_softmax_row(params, input + row * params.columns, output + row * params.columns);
  }
}
template void log_softmax(const LogSoftmaxParams&, Range, const int8_t*, int8_t*);
template void log_softmax(const LogSoftmaxParams&, Range, const uint8_t*, uint8_t*);

void l2_normalize_float32(Range units, int32_t columns, const float* input, float* output) {
  constexpr float kEpsilon = 1e-6f;  // TFLite's, of the norm
  for (int64_t row = units.begin; row < units.end; ++row) {
    const float* x = input + row * columns;
    float* y = output + row * columns;
    float sum = 0;
    for (int32_t column = 0; column < columns; ++column) sum += x[column] * x[column];
    const float norm = std::max(std::sqrt(sum), kEpsilon);
    for (int32_t column = 0; column < columns; ++column) y[column] = x[column] / norm;
  }
}

void l2_normalize_int8(Range units, int32_t columns, int32_t zero_point, const int8_t* input, int8_t* output) {
  constexpr int32_t kOutputBits = 7;
  for (int64_t row = units.begin; row < units.end; ++row) {
    const int8_t* x = input + row * columns;
    numeric::Multiplier multiplier = numeric::inverse_sqrt(sum_of_squares(columns, zero_point, x));
    multiplier.shift += kOutputBits;
    for (int32_t column = 0; column < columns; ++column) {
      const int32_t code = multiply_by_quantized_multiplier(x[column] - zero_point, multiplier);
      output[row * columns + column] = static_cast<int8_t>(std::clamp(code, -128, 127));
    }
  }
}

void l2_normalize_uint8(Range units, int32_t columns, int32_t zero_point, const uint8_t* input, uint8_t* output) {
  for (int64_t row = units.begin; row < units.end; ++row) {
    const uint8_t* x = input + row * columns;
    const numeric::Multiplier multiplier = numeric::inverse_sqrt(sum_of_squares(columns, zero_point, x));
    for (int32_t column = 0; column < columns; ++column) {
      const int32_t code = 128 + multiply_by_quantized_multiplier(128 * (x[column] - zero_point), multiplier);
      output[row * columns + column] = static_cast<uint8_t>(std::clamp(code, 0, 255));
    }
  }
}

}  // namespace liteqat::kernels::rows
