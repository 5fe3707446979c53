#include <limits>
#include <type_traits>

#include "kernels/cast/cast.h"

namespace liteqat::kernels::cast {
namespace {

template <typename To>
To to_integer(float value) {
  constexpr To kLow = std::numeric_limits<To>::min(), kHigh = std::numeric_limits<To>::max();
  // The bounds as float32: the lower is exact, the upper may round up to 2^bits, which no longer fits.
  if (!(value < static_cast<float>(kHigh))) return kHigh;
  return value <= static_cast<float>(kLow) ? kLow : static_cast<To>(value);
}

template <typename To, typename From>
To convert(From value) {
  if constexpr (std::is_same_v<From, To>) {
    return value;
  } else if constexpr (std::is_same_v<From, Float16>) {
    return convert<To>(widen_float16(value.bits));
  } else if constexpr (std::is_same_v<To, Float16>) {
    return Float16{narrow_float16(static_cast<float>(value))};
  } else if constexpr (std::is_same_v<To, bool>) {
    return value != From{};
  } else if constexpr (std::is_same_v<From, float> && std::is_integral_v<To>) {
    return to_integer<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace

template <typename From, typename To>
void cast(Range elems, const From* input, To* output) {
  for (int64_t index = elems.begin; index < elems.end; ++index) output[index] = convert<To>(input[index]);
}

#define LITEQAT_CAST_FROM(From)                     \
  template void cast(Range, const From*, float*);   \
  template void cast(Range, const From*, Float16*); \
  template void cast(Range, const From*, int8_t*);  \
  template void cast(Range, const From*, uint8_t*); \
  template void cast(Range, const From*, int16_t*); \
  template void cast(Range, const From*, int32_t*); \
  template void cast(Range, const From*, int64_t*); \
  template void cast(Range, const From*, bool*)
LITEQAT_CAST_FROM(float);
LITEQAT_CAST_FROM(Float16);
LITEQAT_CAST_FROM(int8_t);
LITEQAT_CAST_FROM(uint8_t);
LITEQAT_CAST_FROM(int16_t);
LITEQAT_CAST_FROM(int32_t);
LITEQAT_CAST_FROM(int64_t);
LITEQAT_CAST_FROM(bool);
#undef LITEQAT_CAST_FROM

}  // namespace liteqat::kernels::cast
