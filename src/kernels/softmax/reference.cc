#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/softmax/fixed_point.h"

namespace liteqat::kernels::softmax {
namespace {

template <typename T>
void softmax_row(const Int8Params& params, const T* input, T* output) {
  const int32_t columns = params.shape.columns;
  const int32_t largest = *std::max_element(input, input + columns);
  int64_t sum = 0;
  for (int32_t column = 0; column < columns; ++column) {
    const int32_t difference = input[column] - largest;
    if (difference >= params.diff_min) sum += numeric::rounding_divide_by_pot(exp_of_difference(params, difference), kSumIntegerBits);
  }
  if (sum >= kSumTooLarge) {
    std::fill_n(output, columns, std::numeric_limits<T>::min());
    return;
  }
  const Reciprocal reciprocal(sum);
  for (int32_t column = 0; column < columns; ++column) {
    const int32_t difference = input[column] - largest;
    output[column] = reciprocal.code<T>(difference >= params.diff_min ? exp_of_difference(params, difference) : 0);
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
