#include "kernels/lanes/x86_avx2.h"
#include "kernels/requantize/generic.h"

namespace liteqat::kernels::requantize {

void integer_avx2(const Params& params, const int32_t* accumulators, int64_t count, int8_t* codes) {
  run_integer<x86_avx2::Lanes>(params, accumulators, count, codes);
}

}  // namespace liteqat::kernels::requantize
