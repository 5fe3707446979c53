#include "kernels/requantize/requantize.h"

#include <algorithm>

#include "kernels/requantize/implementations.h"

namespace liteqat::kernels::requantize {
namespace {

void run_reference(const Params& params, const int32_t* accumulators, int64_t count, int8_t* codes) {
  for (int64_t index = 0; index < count; ++index) {
    const int32_t rescaled = numeric::multiply_by_quantized_multiplier(accumulators[index], params.multiplier);
    const int32_t code = numeric::wrapping_add(rescaled, params.zero_point);
    codes[index] = static_cast<int8_t>(std::clamp(code, params.clamp.low, params.clamp.high));
  }
}

constexpr Implementation kAll[] = {
    {"reference", Isa::kReference, false, run_reference},
#if defined(__x86_64__)
    {"integer_avx2", Isa::kAvx2, false, integer_avx2},
    {"integer_avx512", Isa::kAvx512, false, integer_avx512},
    {"steps_avx512", Isa::kAvx512, true, steps_avx512},
#endif
};

}  // namespace

std::span<const Implementation> implementations() {
  return kAll;
}

}  // namespace liteqat::kernels::requantize
