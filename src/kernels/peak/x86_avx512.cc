#include <immintrin.h>

#include "kernels/peak/bursts.h"

namespace liteqat::kernels::peak {

int32_t burst_int8_avx512(int64_t iterations) {
  __m512i sums[kChains];
#pragma GCC unroll 12
  for (int c = 0; c < kChains; ++c) sums[c] = _mm512_set1_epi32(c);
  const __m512i b = _mm512_set1_epi16(3);
  for (int64_t i = 0; i < iterations; ++i) {
    const __m512i a = _mm512_set1_epi16(static_cast<int16_t>(i));
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) {
      __m512i product = _mm512_madd_epi16(a, b);
      asm volatile("" : "+v"(product));  // every chain multiplies for itself
      sums[c] = _mm512_add_epi32(sums[c], product);
    }
  }
  __m512i total = sums[0];
#pragma GCC unroll 12
  for (int c = 1; c < kChains; ++c) total = _mm512_xor_si512(total, sums[c]);
  return _mm_cvtsi128_si32(_mm512_castsi512_si128(total));
}

int32_t burst_float32_avx512(int64_t iterations) {
  __m512 sums[kChains];
#pragma GCC unroll 12
  for (int c = 0; c < kChains; ++c) sums[c] = _mm512_set1_ps(static_cast<float>(c));
  const __m512 a = _mm512_set1_ps(0.5f), b = _mm512_set1_ps(0.25f);
  for (int64_t i = 0; i < iterations; ++i) {
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) {
      sums[c] = _mm512_fmadd_ps(a, sums[c], b);
      asm volatile("" : "+v"(sums[c]));
    }
  }
  __m512 total = sums[0];
#pragma GCC unroll 12
  for (int c = 1; c < kChains; ++c) total = _mm512_add_ps(total, sums[c]);
  return _mm512_cvtss_f32(total) > 0;
}

}  // namespace liteqat::kernels::peak
