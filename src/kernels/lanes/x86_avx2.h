// The lane-level steps of the generic kernels on AVX2: eight 32-bit lanes. Only for files built with AVX2 flags; everything has internal
// linkage. Semantics are those of x86_avx512.h; both are exact stand-ins for the scalar code in numeric/fixed_point.h.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace liteqat::kernels::x86_avx2 {
namespace {

struct Lanes {
  using Float = __m256;
  using Int = __m256i;

  static constexpr int32_t kCount = 8;
  static constexpr int32_t kBlockVectors = 2;
  static constexpr int32_t kTileRows = 4, kTileVectors = 2;  // eight accumulators of sixteen registers

  static Float zero_float() { return _mm256_setzero_ps(); }
  static Float broadcast(float x) { return _mm256_set1_ps(x); }
  static Float load(const float* from) { return _mm256_loadu_ps(from); }
  static void store(float* to, Float x) { _mm256_storeu_ps(to, x); }
  /// The first `count` lanes, all of them where count is larger.
  static void store_first(float* to, Float x, int64_t count) {
    if (count >= kCount) return _mm256_storeu_ps(to, x);
    if (count > 0) _mm256_maskstore_ps(to, first_lanes(count), x);
  }
  static void copy(const float* from, int64_t count, float* to) {
    int64_t at = 0;
    for (; at + kCount <= count; at += kCount) _mm256_storeu_ps(to + at, _mm256_loadu_ps(from + at));
    if (at < count) _mm256_maskstore_ps(to + at, first_lanes(count - at), _mm256_maskload_ps(from + at, first_lanes(count - at)));
  }
  static void fill_zero(float* to, int64_t count) {
    for (int64_t at = 0; at < count; at += kCount) store_first(to + at, zero_float(), count - at);
  }
  static Int first_lanes(int64_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int32_t>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static Float multiply_then_add(Float sum, Float a, Float b) { return _mm256_add_ps(sum, _mm256_mul_ps(a, b)); }
  static Float add(Float a, Float b) { return _mm256_add_ps(a, b); }
  /// std::min(std::max(x, low), high), NaN and signed zeros included.
  static Float clamp(Float x, Float low, Float high) { return _mm256_min_ps(high, _mm256_max_ps(low, x)); }

  static Int zero_int() { return _mm256_setzero_si256(); }
  static Int broadcast(int32_t x) { return _mm256_set1_epi32(x); }
  static Int load(const int32_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
  static void store(int32_t* to, Int x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x); }
  static Int load_pairs(const int16_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
  /// Eight int8 widened.
  static Int widen(const int8_t* from) { return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))); }
  /// sum + a.even * b.even + a.odd * b.odd on pairs of int16.
  static Int multiply_add_pairs(Int sum, Int a, Int b) { return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)); }
  static Int add(Int a, Int b) { return _mm256_add_epi32(a, b); }
  static Int subtract(Int a, Int b) { return _mm256_sub_epi32(a, b); }
  static Int multiply(Int a, Int b) { return _mm256_mullo_epi32(a, b); }
  static Int clamp(Int x, Int low, Int high) { return _mm256_min_epi32(high, _mm256_max_epi32(low, x)); }
  static Int shift_left(Int x, Int count) { return _mm256_sllv_epi32(x, count); }
  static Int shift_right(Int x, Int count) { return _mm256_srav_epi32(x, count); }
  static Int bit_and(Int a, Int b) { return _mm256_and_si256(a, b); }
  /// -1 where a > b, else 0.
  static Int greater(Int a, Int b) { return _mm256_cmpgt_epi32(a, b); }

  /// numeric::srdhm for b >= 0: the middle 32 bits of a * b + 2^30, even and odd lanes apart.
  static Int srdhm(Int a, Int b) {
    const __m256i nudge = _mm256_set1_epi64x(int64_t{1} << 30);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(a, b), nudge);
    const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)), nudge);
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0b10101010);
  }

  /// The low byte of every lane; lanes hold values of int8.
  static void store_narrow(int8_t* to, Int x) {
    const __m256i words = _mm256_packs_epi32(x, x);
    const __m256i bytes = _mm256_packs_epi16(words, words);
    const int32_t low = _mm256_extract_epi32(bytes, 0), high = _mm256_extract_epi32(bytes, 4);
    __builtin_memcpy(to, &low, 4);
    __builtin_memcpy(to + 4, &high, 4);
  }
};

}  // namespace
}  // namespace liteqat::kernels::x86_avx2
