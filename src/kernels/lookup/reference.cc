#include "kernels/lookup/implementations.h"

namespace liteqat::kernels::lookup {
namespace {

void run(const Map& map, int64_t count, const uint8_t* input, uint8_t* output) {
  for (int64_t index = 0; index < count; ++index) output[index] = map.table[input[index]];
}

constexpr LookupKernel kKernel = {"reference", Isa::kReference, run};

}  // namespace

const LookupKernel& lookup_reference() {
  return kKernel;
}

}  // namespace liteqat::kernels::lookup
