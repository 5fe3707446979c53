#include <algorithm>
#include <bit>
#include <limits>

#include "kernels/softmax/fixed_point.h"

namespace liteqat::kernels::softmax {
namespace {

constexpr size_t kDistances = 256;

template <typename T>
T largest_of(const T* input, int32_t columns) {
  T largest = input[0];
  for (int32_t column = 1; column < columns; ++column) largest = input[column] > largest ? input[column] : largest;
  return largest;
}

template <typename T>
void run_row(const Int8Table& table, const T* input, T* output) {
  const int32_t columns = table.columns, largest = largest_of(input, columns);
  int64_t sum = 0;
  for (int32_t column = 0; column < columns; ++column) sum += table.addends[static_cast<size_t>(largest - input[column])];
  if (sum >= kSumTooLarge) {
    std::fill_n(output, columns, std::numeric_limits<T>::min());
    return;
  }
  const Reciprocal reciprocal(sum);
  if (columns <= static_cast<int32_t>(kDistances)) {
    for (int32_t column = 0; column < columns; ++column) {
      output[column] = reciprocal.code<T>(table.exponentials[static_cast<size_t>(largest - input[column])]);
    }
    return;
  }
  T codes[kDistances];  // fewer distances than columns
  for (size_t distance = 0; distance < kDistances; ++distance) codes[distance] = reciprocal.code<T>(table.exponentials[distance]);
  for (int32_t column = 0; column < columns; ++column) output[column] = codes[largest - input[column]];
}

}  // namespace

Int8Table make_int8_table(const Int8Params& params) {
  Int8Table table = {.columns = params.shape.columns};
  for (size_t distance = 0; distance < kDistances; ++distance) {
    const auto difference = -static_cast<int32_t>(distance);
    if (difference < params.diff_min) break;
    table.exponentials[distance] = exp_of_difference(params, difference);
    table.addends[distance] = numeric::rounding_divide_by_pot(table.exponentials[distance], kSumIntegerBits);
  }
  return table;
}

template <typename T>
void softmax_table(const Int8Table& table, Range units, const T* input, T* output) {
  for (int64_t row = units.begin; row < units.end; ++row) run_row(table, input + row * table.columns, output + row * table.columns);
}
template void softmax_table(const Int8Table&, Range, const int8_t*, int8_t*);
template void softmax_table(const Int8Table&, Range, const uint8_t*, uint8_t*);

}  // namespace liteqat::kernels::softmax
