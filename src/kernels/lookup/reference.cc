#include "kernels/lookup/lookup.h"

namespace liteqat::kernels::lookup {

void look_up(Range elems, const Table& table, const uint8_t* input, uint8_t* output) {
  for (int64_t index = elems.begin; index < elems.end; ++index) output[index] = table[input[index]];
}

}  // namespace liteqat::kernels::lookup
