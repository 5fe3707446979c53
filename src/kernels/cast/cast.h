// CAST between element types, as TFLite: integers modulo 2^bits, float to integer toward zero and held inside the type (NaN gives the
// largest), anything but 0 to true. Exact. A run computes a range of elements (kernels/broadcast.h).
#pragma once

#include <cstdint>

#include "kernels/broadcast.h"
#include "numeric/float16.h"

namespace liteqat::kernels::cast {

/// IEEE 754 binary16, by its bits.
struct Float16 {
  uint16_t bits = 0;
};
using numeric::narrow_float16;
using numeric::widen_float16;

/// From and To: float, Float16, int8_t, uint8_t, int16_t, int32_t, int64_t, bool.
template <typename From, typename To>
void cast(Range elems, const From* input, To* output);

}  // namespace liteqat::kernels::cast
