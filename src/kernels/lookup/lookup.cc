#include "kernels/lookup/lookup.h"

#include <algorithm>

#include "kernels/lookup/implementations.h"

namespace liteqat::kernels::lookup {
namespace {

/// Whether the table is a bound on codes once these signs are flipped; fills the bound if so.
bool find_clamp(const Table& table, uint8_t input_flip, uint8_t output_flip, Map& map) {
  const auto at = [&](int32_t code) { return static_cast<int8_t>(table[static_cast<uint8_t>(code) ^ size_t{input_flip}] ^ output_flip); };
  const int8_t low = at(INT8_MIN), high = at(INT8_MAX);
  if (low > high) return false;
  for (int32_t code = INT8_MIN; code <= INT8_MAX; ++code) {
    if (at(code) != std::clamp<int32_t>(code, low, high)) return false;
  }
  map.is_clamp = true;
  map.input_flip = input_flip;
  map.output_flip = output_flip;
  map.low = low;
  map.high = high;
  return true;
}

}  // namespace

Map make_map(const Table& table) {
  constexpr uint8_t kFlips[] = {0, 0x80};
  constexpr size_t kEntries = 16, kHalf = 128;
  Map map = {.table = table};
  for (uint8_t input_flip : kFlips) {
    for (uint8_t output_flip : kFlips) {
      if (find_clamp(table, input_flip, output_flip, map)) return map;
    }
  }
  for (size_t entry = 0; entry < table.size(); ++entry) {
    map.deltas[entry] = table[entry] ^ (entry % kHalf < kEntries ? uint8_t{0} : table[entry - kEntries]);
  }
  return map;
}

#define LITEQAT_KERNEL(isa) &lookup_##isa(),
const LookupKernel& find_lookup_kernel(Isa isa) {
  static const LookupKernel* const kList[] = {
#include "kernels/lookup/kernels.inc"
  };
  for (const LookupKernel* kernel : kList) {
    if (kernel->isa <= isa) return *kernel;
  }
  return lookup_reference();
}
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::lookup
