// IEEE 754 binary16, by its bits. Exact.
#pragma once

#include <cstdint>

namespace liteqat::numeric {

float widen_float16(uint16_t bits);
/// To nearest, ties to even; beyond the largest value infinity.
uint16_t narrow_float16(float value);

}  // namespace liteqat::numeric
