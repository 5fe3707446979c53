// SOFTMAX of int16 codes: exp from a table, its sum's reciprocal from another (tflite/kernels/internal/reference/softmax.h, SoftmaxInt16).
#include <algorithm>
#include <bit>

#include "kernels/softmax/softmax.h"
#include "numeric/tables.h"

namespace liteqat::kernels::softmax {
namespace {

constexpr int32_t kLowest = INT16_MIN, kHighest = INT16_MAX;

int16_t hold(int64_t value) {
  return static_cast<int16_t>(std::clamp<int64_t>(value, kLowest, kHighest));
}

void softmax_row(const Int16Params& params, const int16_t* input, int16_t* output) {
  const int32_t columns = params.shape.columns;
  const int32_t largest = *std::max_element(input, input + columns);
  const numeric::Int16Table& exponentials = numeric::softmax_exp_table();
  int64_t total = 0;  // Q16.15
  for (int32_t column = 0; column < columns; ++column) {
    const int32_t scaled = numeric::multiply_by_quantized_multiplier(input[column] - largest, params.multiplier);
    output[column] = exponentials.look_up(hold(int64_t{scaled} + kHighest));
    total += output[column];
  }
  const int64_t sum = std::min<int64_t>(total, INT32_MAX);
  const int32_t headroom = std::countl_zero(static_cast<uint32_t>(sum));
  const int64_t shifted = ((sum << (headroom - 1)) + (1 << 13)) >> 14;  // [2^16, 2^17] for sum / 2^n in [1, 2]
  const int64_t reciprocal = numeric::softmax_reciprocal_table().look_up(hold(shifted - (1 << 15) - (1 << 16)));
  const int32_t right_shift = 31 - headroom;
  for (int32_t column = 0; column < columns; ++column) {
    const int64_t product = (output[column] * reciprocal + (int64_t{1} << (right_shift - 1))) >> right_shift;
    output[column] = static_cast<int16_t>(std::clamp<int64_t>(product, 0, kHighest));
  }
}

}  // namespace

Int16Params make_int16_params(const Rows& shape, float beta, float input_scale) {
  constexpr double kStep = 10.0 / 65535.0;
  return {.shape = shape, .multiplier = numeric::quantize_multiplier(static_cast<double>(input_scale * beta) / kStep)};
}

void softmax_int16(const Int16Params& params, Range units, const int16_t* input, int16_t* output) {
  const int64_t columns = params.shape.columns;
  for (int64_t row = units.begin; row < units.end; ++row) softmax_row(params, input + row * columns, output + row * columns);
}

}  // namespace liteqat::kernels::softmax
