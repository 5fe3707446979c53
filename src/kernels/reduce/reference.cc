#include "kernels/reduce/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace liteqat::kernels::reduce {
namespace {

/// combine(output of element, element) for all elements in memory order.
template <typename T, typename Out, typename Combine>
void for_elements(const Reduction& reduction, const T* input, Out* output, const Combine& combine) {
  const int64_t step = reduction.output[kMaxRank - 1];
  for_rows(reduction.extents, reduction.output, Strides{}, [&](int64_t out, int64_t) {
    for (int32_t column = 0; column < reduction.extents[kMaxRank - 1]; ++column) combine(output[out + column * step], *input++);
  });
}

template <typename T>
T wrapping_add(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return a + b;
  } else {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
  }
}

/// The one output of all elements, from the first on.
template <typename T, typename Combine>
void combine_all(const Reduction& reduction, const T* input, T* output, const Combine& combine) {
  output[0] = input[0];
  for (int64_t elem = 1; elem < reduction.reduced_elems; ++elem) combine(output[0], input[elem]);
}

template <typename T>
bool is_larger(T candidate, T current) {
  if constexpr (std::is_floating_point_v<T>) {
    return !std::isnan(candidate) && (std::isnan(current) || candidate > current);
  } else {
    return candidate > current;
  }
}

}  // namespace

template <typename T>
void maximum(const Reduction& reduction, const T* input, T* output) {
  const auto combine = [](T& largest, T elem) { largest = elem > largest ? elem : largest; };
  if (reduction.all_axes) return combine_all(reduction, input, output, combine);
  std::fill_n(output, reduction.output_elems, std::numeric_limits<T>::lowest());
  for_elements(reduction, input, output, combine);
}

template <typename T>
void sum(const Reduction& reduction, const T* input, T* output) {
  const auto combine = [](T& total, T elem) { total = wrapping_add(total, elem); };
  if (reduction.all_axes) return combine_all(reduction, input, output, combine);
  std::fill_n(output, reduction.output_elems, T{0});
  for_elements(reduction, input, output, combine);
}

template <typename T>
void sum_quantized(const QuantizedParams& params, const T* input, int32_t* scratch, T* output) {
  const Reduction& reduction = params.reduction;
  std::fill_n(scratch, reduction.output_elems, 0);
  for_elements(reduction, input, scratch, [](int32_t& total, T elem) { total += elem; });
  const auto zero = static_cast<int32_t>(params.input_zero_point * reduction.reduced_elems);
  for (int64_t out = 0; out < reduction.output_elems; ++out) {
    const int64_t code =
        int64_t{numeric::multiply_by_quantized_multiplier(scratch[out] - zero, params.multiplier)} + params.output_zero_point;
    output[out] = static_cast<T>(std::clamp<int64_t>(code, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  }
}

template <typename T>
void mean_integer(const Reduction& reduction, const T* input, int64_t* scratch, T* output) {
  std::fill_n(scratch, reduction.output_elems, int64_t{0});
  for_elements(reduction, input, scratch, [](int64_t& total, T elem) { total = wrapping_add(total, int64_t{elem}); });
  for (int64_t out = 0; out < reduction.output_elems; ++out) output[out] = static_cast<T>(scratch[out] / reduction.reduced_elems);
}

template <typename T, typename Index>
void arg_max(const Rows& rows, const T* input, Index* output) {
  for (int64_t outer = 0; outer < rows.outer; ++outer) {
    for (int64_t inner = 0; inner < rows.inner; ++inner) {
      const T* column = input + outer * rows.axis * rows.inner + inner;
      int64_t largest = 0;
      for (int64_t position = 1; position < rows.axis; ++position) {
        if (is_larger(column[position * rows.inner], column[largest * rows.inner])) largest = position;
      }
      *output++ = static_cast<Index>(largest);
    }
  }
}

#define LITEQAT_INSTANTIATE_ARG_MAX(T)                                \
  template void arg_max<T, int32_t>(const Rows&, const T*, int32_t*); \
  template void arg_max<T, int64_t>(const Rows&, const T*, int64_t*)
LITEQAT_INSTANTIATE_ARG_MAX(float);
LITEQAT_INSTANTIATE_ARG_MAX(int8_t);
LITEQAT_INSTANTIATE_ARG_MAX(uint8_t);
LITEQAT_INSTANTIATE_ARG_MAX(int32_t);
LITEQAT_INSTANTIATE_ARG_MAX(bool);
#undef LITEQAT_INSTANTIATE_ARG_MAX

template void maximum<float>(const Reduction&, const float*, float*);
template void maximum<int8_t>(const Reduction&, const int8_t*, int8_t*);
template void maximum<uint8_t>(const Reduction&, const uint8_t*, uint8_t*);
template void maximum<int16_t>(const Reduction&, const int16_t*, int16_t*);
template void maximum<int32_t>(const Reduction&, const int32_t*, int32_t*);
template void maximum<int64_t>(const Reduction&, const int64_t*, int64_t*);
template void maximum<bool>(const Reduction&, const bool*, bool*);
template void sum<float>(const Reduction&, const float*, float*);
template void sum<int32_t>(const Reduction&, const int32_t*, int32_t*);
template void sum<int64_t>(const Reduction&, const int64_t*, int64_t*);
template void sum_quantized<int8_t>(const QuantizedParams&, const int8_t*, int32_t*, int8_t*);
template void sum_quantized<uint8_t>(const QuantizedParams&, const uint8_t*, int32_t*, uint8_t*);
template void sum_quantized<int16_t>(const QuantizedParams&, const int16_t*, int32_t*, int16_t*);
template void mean_integer<int32_t>(const Reduction&, const int32_t*, int64_t*, int32_t*);
template void mean_integer<int64_t>(const Reduction&, const int64_t*, int64_t*, int64_t*);

}  // namespace liteqat::kernels::reduce
