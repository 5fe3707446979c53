// Any function of an 8-bit code by a table of 256 codes, filled before the first run. Exact, every implementation the same. May work in
// place.
#pragma once

#include <array>
#include <cstdint>

#include "base/cpu.h"
#include "kernels/broadcast.h"

namespace liteqat::kernels::lookup {

/// The output's code at the input's bits: entry 0xff is that of int8 -1 or uint8 255.
using Table = std::array<uint8_t, 256>;

/// A table, and what vector code reads instead of it.
struct Map {
  Table table{};

  // The table may be a bound on codes whose signs are flipped or not: clamp(code ^ input_flip, low, high) ^ output_flip, codes as int8.
  bool is_clamp = false;
  uint8_t input_flip = 0, output_flip = 0;
  int8_t low = INT8_MIN, high = INT8_MAX;

  // Else: every sixteen entries xor the sixteen before them, the first and the ninth as they are (generic.h).
  Table deltas{};
};
Map make_map(const Table& table);

struct LookupKernel {
  const char* isa_name;  // the end of the kernel's name; the rest is the operator's
  Isa isa;
  void (*run)(const Map& map, int64_t count, const uint8_t* input, uint8_t* output);
};

/// The strongest kernel that needs no more than `isa`.
const LookupKernel& find_lookup_kernel(Isa isa);

}  // namespace liteqat::kernels::lookup
