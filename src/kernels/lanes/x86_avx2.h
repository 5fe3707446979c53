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
  static constexpr int32_t kTileSums = 12;  // of sixteen registers
  static constexpr bool kHasSteps = false, kSharedPacks = false;

  using Tap = int16_t;
  using Weight = int16_t;
  static constexpr int32_t kTaps = 2, kInputShift = 0;

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
  static constexpr bool kFused = false;
  static Float multiply_then_add(Float sum, Float a, Float b) { return _mm256_add_ps(sum, _mm256_mul_ps(a, b)); }
  static constexpr bool kMultipliesFromMemory = false;
  static Float add(Float a, Float b) { return _mm256_add_ps(a, b); }
  static Float divide(Float a, Float b) { return _mm256_div_ps(a, b); }
  /// std::min(std::max(x, low), high), NaN and signed zeros included.
  static Float clamp(Float x, Float low, Float high) { return _mm256_min_ps(high, _mm256_max_ps(low, x)); }

  static Int zero_int() { return _mm256_setzero_si256(); }
  static Int broadcast(int32_t x) { return _mm256_set1_epi32(x); }
  static Int load(const int32_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
  static void store(int32_t* to, Int x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x); }
  static Int load_weights(const int16_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
  static Tap tap(int8_t code) { return code; }
  /// Two taps of one row in every lane.
  static Int broadcast_taps(const int16_t* from) {
    int32_t taps;
    __builtin_memcpy(&taps, from, sizeof(taps));
    return _mm256_set1_epi32(taps);
  }
  /// Four taps of one row in every pair of lanes.
  static Int broadcast_wide(const int16_t* from) {
    int64_t taps;
    __builtin_memcpy(&taps, from, sizeof(taps));
    return _mm256_set1_epi64x(taps);
  }
  /// sum + two products per lane.
  static Int dot(Int sum, Int taps, Int weights) { return _mm256_add_epi32(sum, _mm256_madd_epi16(taps, weights)); }
  /// Sums of neighbouring lanes: per group of four, two of a, then two of b.
  static Int add_halves(Int a, Int b) {
    const __m256 first = _mm256_castsi256_ps(a), second = _mm256_castsi256_ps(b);
    return _mm256_add_epi32(_mm256_castps_si256(_mm256_shuffle_ps(first, second, 0x88)),
                            _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0xDD)));
  }
  static void copy_taps(const int8_t* from, int64_t count, int16_t* to) {
    int64_t at = 0;
    for (; at + 16 <= count; at += 16) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + at),
                          _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at))));
    }
    for (; at < count; ++at) to[at] = from[at];
  }
  static void fill(int16_t* to, int64_t count, int16_t value) {
    for (int64_t at = 0; at < count; ++at) to[at] = value;
  }
  /// The codes of `count` channels of two pixels as pairs of int16: one channel's in every lane, channels in the order of dot_tile.h for
  /// that many vectors. Channels beyond are not read.
  static void interleave(const int8_t* const* pixels, int64_t channel, int32_t count, Int (&taps)[2]) {
    const __m128i first = load_codes(pixels[0] + channel, count), second = load_codes(pixels[1] + channel, count);
    const __m128i low = _mm_unpacklo_epi8(first, second), high = _mm_unpackhi_epi8(first, second);
    taps[0] = _mm256_cvtepi8_epi16(_mm_unpacklo_epi64(low, high));
    taps[1] = _mm256_cvtepi8_epi16(_mm_unpackhi_epi64(low, high));
  }
  static void interleave(const int8_t* const* pixels, int64_t channel, int32_t count, Int (&taps)[1]) {
    if (count >= kCount) {
      const __m128i first = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixels[0] + channel));
      const __m128i second = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixels[1] + channel));
      taps[0] = _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(first, second));
      return;
    }
    taps[0] = _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(load_codes(pixels[0] + channel, count), load_codes(pixels[1] + channel, count)));
  }
  static __m128i load_codes(const int8_t* from, int32_t count) {
    if (count >= 16) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    int8_t whole[16] = {};
    for (int32_t at = 0; at < count; ++at) whole[at] = from[at];
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(whole));
  }

  /// Eight int8 widened.
  static Int widen(const int8_t* from) { return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))); }
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

  /// clamp(x * factor, low, high) in float32, rounded with ties to even.
  static Int round_half_even_product(Int x, Float factor, Float low, Float high) {
    const __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(x), factor);
    return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(product, low), high));
  }

  /// round_half_away(x * rescale), saturated far beyond int8: the largest double below 1/2 is added away from zero, then the rest cut off;
  /// adding 1/2 itself would round the double below it up.
  static Int round_scaled(Int x, const double* rescale) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(round_scaled(_mm256_castsi256_si128(x), rescale)),
                                   round_scaled(_mm256_extracti128_si256(x, 1), rescale + 4), 1);
  }
  static __m128i round_scaled(__m128i x, const double* rescale) {
    const __m256d limit = _mm256_set1_pd(1 << 20), sign = _mm256_set1_pd(-0.0), below_half = _mm256_set1_pd(0.49999999999999994);
    __m256d product = _mm256_mul_pd(_mm256_cvtepi32_pd(x), _mm256_loadu_pd(rescale));
    product = _mm256_max_pd(_mm256_min_pd(product, limit), _mm256_sub_pd(_mm256_setzero_pd(), limit));
    return _mm256_cvttpd_epi32(_mm256_add_pd(product, _mm256_or_pd(_mm256_and_pd(product, sign), below_half)));
  }

  struct ByteClamp {
    __m128i low, high;
  };
  static ByteClamp byte_clamp(int32_t low, int32_t high) {
    return {_mm_set1_epi8(static_cast<char>(low)), _mm_set1_epi8(static_cast<char>(high))};
  }
  /// Saturates, clamps and stores the first `count` codes. Channel order of two vectors: as in dot_tile.h.
  static void store_packed(int8_t* to, Int a, Int b, const ByteClamp& clamp, int64_t count) {
    const __m256i words = _mm256_packs_epi32(a, b);
    __m128i codes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    codes = _mm_min_epi8(_mm_max_epi8(codes, clamp.low), clamp.high);
    if (count >= 16) return _mm_storeu_si128(reinterpret_cast<__m128i*>(to), codes);
    store_part(to, codes, count);
  }
  static void store_packed(int8_t* to, Int a, const ByteClamp& clamp, int64_t count) {
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    const __m128i codes = _mm_min_epi8(_mm_max_epi8(_mm_packs_epi16(words, words), clamp.low), clamp.high);
    if (count >= 8) return _mm_storel_epi64(reinterpret_cast<__m128i*>(to), codes);
    store_part(to, codes, count);
  }
  static void store_part(int8_t* to, __m128i codes, int64_t count) {
    int8_t whole[16];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(whole), codes);
    for (int64_t at = 0; at < count; ++at) to[at] = whole[at];
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

/// The same, products added unrounded (numeric::FloatSum::kFused).
struct FusedLanes : Lanes {
  static constexpr bool kFused = true;
  static Float multiply_then_add(Float sum, Float a, Float b) { return _mm256_fmadd_ps(a, b, sum); }
};

}  // namespace
}  // namespace liteqat::kernels::x86_avx2
