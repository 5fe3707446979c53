#include <immintrin.h>

#include "kernels/peak/bursts.h"

namespace liteqat::kernels::peak {

int32_t burst_int8_avx2(int64_t iterations) {
  __m256i sums[kIntChainsAvx2];
#pragma GCC unroll 8
  for (int c = 0; c < kIntChainsAvx2; ++c) sums[c] = _mm256_set1_epi32(c);
  const __m256i b = _mm256_set1_epi16(3);
  for (int64_t i = 0; i < iterations; ++i) {
    const __m256i a = _mm256_set1_epi16(static_cast<int16_t>(i));
#pragma GCC unroll 8
    for (int c = 0; c < kIntChainsAvx2; ++c) {
      __m256i product = _mm256_madd_epi16(a, b);
      asm volatile("" : "+x"(product));  // every chain multiplies for itself
      sums[c] = _mm256_add_epi32(sums[c], product);
    }
  }
  __m256i total = sums[0];
#pragma GCC unroll 8
  for (int c = 1; c < kIntChainsAvx2; ++c) total = _mm256_xor_si256(total, sums[c]);
  return _mm256_extract_epi32(total, 0);
}

int32_t burst_float32_avx2(int64_t iterations) {
  __m256 sums[kChains];
#pragma GCC unroll 12
  for (int c = 0; c < kChains; ++c) sums[c] = _mm256_set1_ps(static_cast<float>(c));
  const __m256 a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(0.25f);
  for (int64_t i = 0; i < iterations; ++i) {
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) {
      sums[c] = _mm256_fmadd_ps(a, sums[c], b);
      asm volatile("" : "+x"(sums[c]));
    }
  }
  __m256 total = sums[0];
#pragma GCC unroll 12
  for (int c = 1; c < kChains; ++c) total = _mm256_add_ps(total, sums[c]);
  return _mm256_cvtss_f32(total) > 0;
}

}  // namespace liteqat::kernels::peak
