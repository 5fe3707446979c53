// Bytes on AVX2, thirty-two at a time: semantics are those of x86_avx512_bytes.h. Only for files built with AVX2 flags; everything has
// internal linkage.
#pragma once

#include "kernels/lanes/x86_avx2.h"

namespace liteqat::kernels::x86_avx2 {
namespace {

struct Bytes {
  using Vector = __m256i;
  using Int = Lanes::Int;

  static constexpr int32_t kCount = 32;

  static Vector load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
  static void store(void* to, Vector x) { _mm256_storeu_si256(static_cast<__m256i*>(to), x); }
  static Vector load_first(const void* from, int64_t count) {
    uint8_t whole[kCount] = {};
    __builtin_memcpy(whole, from, static_cast<size_t>(count));
    return load(whole);
  }
  static void store_first(void* to, Vector x, int64_t count) {
    uint8_t whole[kCount];
    store(whole, x);
    __builtin_memcpy(to, whole, static_cast<size_t>(count));
  }

  static Vector broadcast(int32_t code) { return _mm256_set1_epi8(static_cast<char>(code)); }
  static Vector bit_xor(Vector a, Vector b) { return _mm256_xor_si256(a, b); }
  static Vector largest(Vector a, Vector b) { return _mm256_max_epi8(a, b); }
  static Vector smallest(Vector a, Vector b) { return _mm256_min_epi8(a, b); }

  static Vector load_entries(const uint8_t* from) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static Vector look_up(Vector entries, Vector codes) { return _mm256_shuffle_epi8(entries, codes); }
  static Vector subtract_saturating(Vector a, Vector b) { return _mm256_subs_epi8(a, b); }
  static Vector bit_xor(Vector a, Vector b, Vector c) { return bit_xor(bit_xor(a, b), c); }

  struct Sums {
    __m256i low = _mm256_setzero_si256(), high = _mm256_setzero_si256();
  };
  static void add_codes(Sums& sums, const int8_t* from) {
    const auto* halves = reinterpret_cast<const __m128i*>(from);
    sums.low = _mm256_add_epi16(sums.low, _mm256_cvtepi8_epi16(_mm_loadu_si128(halves)));
    sums.high = _mm256_add_epi16(sums.high, _mm256_cvtepi8_epi16(_mm_loadu_si128(halves + 1)));
  }
  static void add_codes(Sums& sums, Vector codes) {
    sums.low = _mm256_add_epi16(sums.low, _mm256_cvtepi8_epi16(_mm256_castsi256_si128(codes)));
    sums.high = _mm256_add_epi16(sums.high, _mm256_cvtepi8_epi16(_mm256_extracti128_si256(codes, 1)));
  }
  static void add_to(int32_t* to, const Sums& sums) {
    add_half(to, sums.low);
    add_half(to + 16, sums.high);
  }
  static void add_half(int32_t* to, __m256i sums) {
    const __m256i first = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(sums));
    const __m256i second = _mm256_cvtepi16_epi32(_mm256_extracti128_si256(sums, 1));
    Lanes::store(to, _mm256_add_epi32(Lanes::load(to), first));
    Lanes::store(to + 8, _mm256_add_epi32(Lanes::load(to + 8), second));
  }

  static Int divide(Int x, float divisor) { return _mm256_cvttps_epi32(_mm256_div_ps(_mm256_cvtepi32_ps(x), _mm256_set1_ps(divisor))); }

  struct Pairs {
    __m256i part[4];
  };
  static Pairs interleave(Vector a, Vector b) {
    const __m256i zero = _mm256_setzero_si256();
    const __m256i a_low = _mm256_unpacklo_epi8(zero, a), a_high = _mm256_unpackhi_epi8(zero, a);
    const __m256i b_low = _mm256_unpacklo_epi8(zero, b), b_high = _mm256_unpackhi_epi8(zero, b);
    return {_mm256_unpacklo_epi16(a_low, b_low), _mm256_unpackhi_epi16(a_low, b_low), _mm256_unpacklo_epi16(a_high, b_high),
            _mm256_unpackhi_epi16(a_high, b_high)};
  }
  static Int multiply_pairs(__m256i pairs, Int factors) { return _mm256_madd_epi16(pairs, factors); }
  static Int shift_right(Int x, int32_t count) { return _mm256_sra_epi32(x, _mm_cvtsi32_si128(count)); }
  static Vector pack(Int a, Int b, Int c, Int d) { return _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d)); }

  static Lanes::Float to_float(Int x) { return _mm256_cvtepi32_ps(x); }
  static Lanes::Float multiply(Lanes::Float a, Lanes::Float b) { return _mm256_mul_ps(a, b); }
  static Int divide_rounding(Lanes::Float x, Lanes::Float divisor, float limit) {
    __m256 quotient = _mm256_div_ps(x, divisor);
    quotient = _mm256_and_ps(quotient, _mm256_cmp_ps(quotient, quotient, _CMP_ORD_Q));
    quotient = _mm256_max_ps(_mm256_min_ps(quotient, _mm256_set1_ps(limit)), _mm256_set1_ps(-limit));
    const __m256 half = _mm256_or_ps(_mm256_and_ps(quotient, _mm256_set1_ps(-0.0f)), _mm256_set1_ps(0x1.fffffep-2f));
    return _mm256_cvttps_epi32(_mm256_add_ps(quotient, half));
  }
};

}  // namespace
}  // namespace liteqat::kernels::x86_avx2
