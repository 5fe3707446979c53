#include <immintrin.h>

#include "kernels/peak/bursts.h"

namespace liteqat::kernels::peak {

int32_t burst_int8_avx512vnni(int64_t iterations) {
  __m512i sums[kChains];
#pragma GCC unroll 12
  for (int c = 0; c < kChains; ++c) sums[c] = _mm512_set1_epi32(c);
  const __m512i a = _mm512_set1_epi8(5), b = _mm512_set1_epi8(3);
  for (int64_t i = 0; i < iterations; ++i) {
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) {
      sums[c] = _mm512_dpbusd_epi32(sums[c], a, b);
      asm volatile("" : "+v"(sums[c]));
    }
  }
  __m512i total = sums[0];
#pragma GCC unroll 12
  for (int c = 1; c < kChains; ++c) total = _mm512_xor_si512(total, sums[c]);
  return _mm_cvtsi128_si32(_mm512_castsi512_si128(total));
}

}  // namespace liteqat::kernels::peak
