#include "kernels/lanes/x86_avx512.h"
#include "kernels/requantize/generic.h"

namespace liteqat::kernels::requantize {

void integer_avx512(const Params& params, const int32_t* accumulators, int64_t count, int8_t* codes) {
  run_integer<x86_avx512::Lanes>(params, accumulators, count, codes);
}
void steps_avx512(const Params& params, const int32_t* accumulators, int64_t count, int8_t* codes) {
  run_steps<x86_avx512::Lanes>(params, accumulators, count, codes);
}

}  // namespace liteqat::kernels::requantize
