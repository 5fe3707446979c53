// The functions behind implementations(). Not for use outside this folder.
#pragma once

#include "kernels/requantize/requantize.h"

namespace liteqat::kernels::requantize {

void integer_avx2(const Params& params, const int32_t* accumulators, int64_t count, int8_t* codes);
void integer_avx512(const Params& params, const int32_t* accumulators, int64_t count, int8_t* codes);
void steps_avx512(const Params& params, const int32_t* accumulators, int64_t count, int8_t* codes);

}  // namespace liteqat::kernels::requantize
