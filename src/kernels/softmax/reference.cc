#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/softmax/softmax.h"

namespace liteqat::kernels::softmax {
namespace {

using numeric::rounding_divide_by_pot;
using numeric::srdhm;

constexpr int32_t kInputIntegerBits = 5;  // Q5.26
constexpr int32_t kSumIntegerBits = 12;   // Q12.19
constexpr int64_t kSumTooLarge = int64_t{512} << (31 - kSumIntegerBits);

/// exp(code - largest) in Q0.31.
int32_t exp_of_difference(const Int8Params& params, int32_t difference) {
  return numeric::exp_on_negative(srdhm(numeric::wrapping_shift_left(difference, params.multiplier.shift), params.multiplier.mantissa));
}

template <typename T>
void softmax_row(const Int8Params& params, const T* input, T* output) {
  constexpr int32_t kLow = std::numeric_limits<T>::min(), kHigh = std::numeric_limits<T>::max();
  const int32_t columns = params.shape.columns;
  const int32_t largest = *std::max_element(input, input + columns);
  int64_t sum = 0;
  for (int32_t column = 0; column < columns; ++column) {
    const int32_t difference = input[column] - largest;
    if (difference >= params.diff_min) sum += rounding_divide_by_pot(exp_of_difference(params, difference), kSumIntegerBits);
  }
  if (sum >= kSumTooLarge) {
    std::fill_n(output, columns, std::numeric_limits<T>::min());
    return;
  }
  const int32_t headroom = std::countl_zero(static_cast<uint32_t>(sum));
  const int32_t bits_over_unit = kSumIntegerBits - headroom;
  const auto fraction = static_cast<int32_t>((static_cast<uint32_t>(sum) << headroom) - (uint32_t{1} << 31));
  const int32_t reciprocal = numeric::one_over_one_plus_x(fraction);
  for (int32_t column = 0; column < columns; ++column) {
    const int32_t difference = input[column] - largest;
    int32_t code = kLow;
    if (difference >= params.diff_min) {
      code += rounding_divide_by_pot(srdhm(reciprocal, exp_of_difference(params, difference)), bits_over_unit + 31 - 8);
    }
    output[column] = static_cast<T>(std::clamp(code, kLow, kHigh));
  }
}

}  // namespace

void softmax_float32(const Rows& shape, float beta, const float* input, float* output) {
  for (int64_t row = 0; row < shape.rows; ++row, input += shape.columns, output += shape.columns) {
    const float largest = *std::max_element(input, input + shape.columns);
    float sum = 0;
    for (int32_t column = 0; column < shape.columns; ++column) {
      output[column] = std::exp((input[column] - largest) * beta);
      sum += output[column];
    }
    for (int32_t column = 0; column < shape.columns; ++column) output[column] /= sum;
  }
}

Int8Params make_int8_params(const Rows& shape, float beta, float input_scale) {
  constexpr double kLargest = INT32_MAX;
  const double real = static_cast<double>(beta) * static_cast<double>(input_scale) * static_cast<double>(1 << (31 - kInputIntegerBits));
  Int8Params params = {.shape = shape, .multiplier = numeric::quantize_multiplier(std::min(real, kLargest)), .diff_min = 0};
  const double radius = std::ldexp(static_cast<double>((1 << kInputIntegerBits) - 1), 31 - kInputIntegerBits - params.multiplier.shift);
  params.diff_min = -static_cast<int32_t>(std::min(std::floor(radius), kLargest));
  return params;
}

void softmax_int8(const Int8Params& params, const int8_t* input, int8_t* output) {
  const int64_t columns = params.shape.columns;
  for (int64_t row = 0; row < params.shape.rows; ++row) softmax_row(params, input + row * columns, output + row * columns);
}

void softmax_uint8(const Int8Params& params, const uint8_t* input, uint8_t* output) {
  const int64_t columns = params.shape.columns;
  for (int64_t row = 0; row < params.shape.rows; ++row) softmax_row(params, input + row * columns, output + row * columns);
}

}  // namespace liteqat::kernels::softmax
