// The lane-level steps of the generic kernels on AVX-512 (F, BW, DQ, VL): sixteen 32-bit lanes. Only for files built with AVX-512 flags;
// everything has internal linkage. Each is an exact stand-in for the scalar code in numeric/fixed_point.h.
#pragma once

// GCC 12 warns about its own header: undefined vectors are declared as initialized with themselves (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#include <cstdint>

namespace liteqat::kernels::x86_avx512 {
namespace {

struct Lanes {
  using Float = __m512;
  using Int = __m512i;

  static constexpr int32_t kCount = 16;
  static constexpr int32_t kBlockVectors = 4;
  static constexpr int32_t kTileRows = 8, kTileVectors = 2;  // sixteen accumulators of thirty-two registers

  static Float zero_float() { return _mm512_setzero_ps(); }
  static Float broadcast(float x) { return _mm512_set1_ps(x); }
  static Float load(const float* from) { return _mm512_loadu_ps(from); }
  static void store(float* to, Float x) { _mm512_storeu_ps(to, x); }
  /// The first `count` lanes, all of them where count is larger.
  static void store_first(float* to, Float x, int64_t count) {
    if (count >= kCount) return _mm512_storeu_ps(to, x);
    if (count > 0) _mm512_mask_storeu_ps(to, static_cast<uint16_t>(0xFFFF >> (kCount - count)), x);
  }
  static void copy(const float* from, int64_t count, float* to) {
    int64_t at = 0;
    for (; at + kCount <= count; at += kCount) _mm512_storeu_ps(to + at, _mm512_loadu_ps(from + at));
    if (at == count) return;
    const auto rest = static_cast<uint16_t>(0xFFFF >> (kCount - (count - at)));
    _mm512_mask_storeu_ps(to + at, rest, _mm512_maskz_loadu_ps(rest, from + at));
  }
  static void fill_zero(float* to, int64_t count) {
    for (int64_t at = 0; at < count; at += kCount) store_first(to + at, zero_float(), count - at);
  }
  static Float multiply_then_add(Float sum, Float a, Float b) { return _mm512_add_ps(sum, _mm512_mul_ps(a, b)); }
  static Float add(Float a, Float b) { return _mm512_add_ps(a, b); }
  /// std::min(std::max(x, low), high), NaN and signed zeros included.
  static Float clamp(Float x, Float low, Float high) { return _mm512_min_ps(high, _mm512_max_ps(low, x)); }

  static Int zero_int() { return _mm512_setzero_si512(); }
  static Int broadcast(int32_t x) { return _mm512_set1_epi32(x); }
  static Int load(const int32_t* from) { return _mm512_loadu_si512(from); }
  static void store(int32_t* to, Int x) { _mm512_storeu_si512(to, x); }
  static Int load_pairs(const int16_t* from) { return _mm512_loadu_si512(from); }
  /// Sixteen int8 widened.
  static Int widen(const int8_t* from) { return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))); }
  /// sum + a.even * b.even + a.odd * b.odd on pairs of int16.
  static Int multiply_add_pairs(Int sum, Int a, Int b) { return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b)); }
  static Int add(Int a, Int b) { return _mm512_add_epi32(a, b); }
  static Int subtract(Int a, Int b) { return _mm512_sub_epi32(a, b); }
  static Int multiply(Int a, Int b) { return _mm512_mullo_epi32(a, b); }
  static Int clamp(Int x, Int low, Int high) { return _mm512_min_epi32(high, _mm512_max_epi32(low, x)); }
  static Int shift_left(Int x, Int count) { return _mm512_sllv_epi32(x, count); }
  static Int shift_right(Int x, Int count) { return _mm512_srav_epi32(x, count); }
  static Int bit_and(Int a, Int b) { return _mm512_and_si512(a, b); }
  /// -1 where a > b, else 0.
  static Int greater(Int a, Int b) { return _mm512_movm_epi32(_mm512_cmpgt_epi32_mask(a, b)); }

  /// numeric::srdhm for b >= 0: the middle 32 bits of a * b + 2^30, even and odd lanes apart.
  static Int srdhm(Int a, Int b) {
    const __m512i nudge = _mm512_set1_epi64(int64_t{1} << 30);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(a, b), nudge);
    const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32)), nudge);
    return _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
  }

  /// code_steps.h: floor(x * high + (x * low + constant)) of the accumulators, the outer operation rounded down.
  static Int step_codes(Int accumulators, Float high, Float low, Float constant) {
    constexpr int kDown = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
    const __m512 x = _mm512_cvtepi32_ps(accumulators);
    return _mm512_cvt_roundps_epi32(_mm512_fmadd_round_ps(x, high, _mm512_fmadd_ps(x, low, constant), kDown), kDown);
  }
  /// a < b ? yes : no.
  static Float select_less(Int a, Int b, Float yes, Float no) { return _mm512_mask_blend_ps(_mm512_cmplt_epi32_mask(a, b), no, yes); }

  /// round_half_away(x * rescale), saturated far beyond int8: the largest double below 1/2 is added away from zero, then the rest cut off;
  /// adding 1/2 itself would round the double below it up.
  static Int round_scaled(Int x, const double* rescale) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(round_scaled(_mm512_castsi512_si256(x), rescale)),
                              round_scaled(_mm512_extracti64x4_epi64(x, 1), rescale + 8), 1);
  }
  static __m256i round_scaled(__m256i x, const double* rescale) {
    const __m512d limit = _mm512_set1_pd(1 << 20), sign = _mm512_set1_pd(-0.0), below_half = _mm512_set1_pd(0.49999999999999994);
    __m512d product = _mm512_mul_pd(_mm512_cvtepi32_pd(x), _mm512_loadu_pd(rescale));
    product = _mm512_max_pd(_mm512_min_pd(product, limit), _mm512_sub_pd(_mm512_setzero_pd(), limit));
    return _mm512_cvttpd_epi32(_mm512_add_pd(product, _mm512_or_pd(_mm512_and_pd(product, sign), below_half)));
  }

  struct ByteClamp {
    __m512i low, high;
  };
  static ByteClamp byte_clamp(int32_t low, int32_t high) {
    return {_mm512_set1_epi8(static_cast<char>(low)), _mm512_set1_epi8(static_cast<char>(high))};
  }
  /// Saturates, clamps and stores the first `count` codes. Channel order of several vectors: as in dot_tile.h.
  static void store_packed(int8_t* to, Int a, Int b, Int c, Int d, const ByteClamp& clamp, int64_t count) {
    __m512i codes = _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
    codes = _mm512_min_epi8(_mm512_max_epi8(codes, clamp.low), clamp.high);
    if (count >= 64) return _mm512_storeu_si512(to, codes);
    _mm512_mask_storeu_epi8(to, ~uint64_t{0} >> (64 - count), codes);
  }
  static void store_packed(int8_t* to, Int a, Int b, const ByteClamp& clamp, int64_t count) {
    __m256i codes = _mm512_cvtsepi16_epi8(_mm512_packs_epi32(a, b));
    codes = _mm256_min_epi8(_mm256_max_epi8(codes, _mm512_castsi512_si256(clamp.low)), _mm512_castsi512_si256(clamp.high));
    if (count >= 32) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), codes);
    _mm256_mask_storeu_epi8(to, ~uint32_t{0} >> (32 - count), codes);
  }
  static void store_packed(int8_t* to, Int a, const ByteClamp& clamp, int64_t count) {
    __m128i codes = _mm512_cvtsepi32_epi8(a);
    codes = _mm_min_epi8(_mm_max_epi8(codes, _mm512_castsi512_si128(clamp.low)), _mm512_castsi512_si128(clamp.high));
    if (count >= 16) return _mm_storeu_si128(reinterpret_cast<__m128i*>(to), codes);
    _mm_mask_storeu_epi8(to, static_cast<uint16_t>(0xFFFF >> (16 - count)), codes);
  }

  /// The low byte of every lane; lanes hold values of int8.
  static void store_narrow(int8_t* to, Int x) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(x)); }
};

}  // namespace
}  // namespace liteqat::kernels::x86_avx512
