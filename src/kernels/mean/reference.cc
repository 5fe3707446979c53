#include <algorithm>
#include <bit>

#include "kernels/mean/mean.h"
#include "numeric/rescale.h"

namespace liteqat::kernels::mean {
namespace {

/// sums[output of element] += element, elements in memory order.
template <typename Elem, typename Sum>
void add_up(const Reduction& reduction, const Elem* input, Sum* sums) {
  const int64_t step = reduction.output[kMaxRank - 1];
  const int32_t columns = reduction.extents[kMaxRank - 1];
  for_rows(reduction.extents, reduction.output, Strides{}, [&](int64_t out, int64_t) {
    if (step == 1) {  // apart, so that the compiler may take several at a time
      for (int32_t column = 0; column < columns; ++column) sums[out + column] += input[column];
    } else {
      for (int32_t column = 0; column < columns; ++column) sums[out + column * step] += input[column];
    }
    input += columns;
  });
}

}  // namespace

void mean_float32(const Reduction& reduction, const float* input, float* output) {
  std::fill_n(output, reduction.output_elems, 0.0f);
  add_up(reduction, input, output);
  for (int64_t out = 0; out < reduction.output_elems; ++out) output[out] /= static_cast<float>(reduction.reduced_elems);
}

numeric::Multiplier make_multiplier(float input_scale, float output_scale, int64_t count) {
  numeric::Multiplier multiplier = numeric::quantize_multiplier(numeric::requantize_rescale(input_scale, output_scale));
  int32_t extra = static_cast<int32_t>(std::bit_width(static_cast<uint64_t>(count))) - 1;
  extra = std::min({extra, 32, 31 + multiplier.shift});
  multiplier.mantissa = static_cast<int32_t>((int64_t{multiplier.mantissa} << extra) / count);
  multiplier.shift -= extra;
  return multiplier;
}

void mean_int8(const Int8Params& params, const int8_t* input, int32_t* scratch, int8_t* output) {
  const Reduction& reduction = params.reduction;
  std::fill_n(scratch, reduction.output_elems, 0);
  add_up(reduction, input, scratch);
  const auto zero = static_cast<int32_t>(params.input_zero_point * reduction.reduced_elems);
  for (int64_t out = 0; out < reduction.output_elems; ++out) {
    const int32_t scaled = numeric::multiply_by_quantized_multiplier(scratch[out] - zero, params.multiplier);
    output[out] = static_cast<int8_t>(std::clamp(numeric::wrapping_add(scaled, params.output_zero_point), -128, 127));
  }
}

}  // namespace liteqat::kernels::mean
