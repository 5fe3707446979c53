// Any function of an 8-bit code by a table of 256 codes, filled before the first run. Exact. May work in place.
#pragma once

#include <array>
#include <cstdint>

#include "kernels/broadcast.h"

namespace liteqat::kernels::lookup {

/// The output's code at the input's bits: entry 0xff is that of int8 -1 or uint8 255.
using Table = std::array<uint8_t, 256>;

void look_up(Range elems, const Table& table, const uint8_t* input, uint8_t* output);

}  // namespace liteqat::kernels::lookup
