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
  static constexpr int32_t kTileSums = 24;  // of thirty-two registers
  static constexpr bool kHasSteps = true, kSharedPacks = true;

  // Taps of the int8 tiles: pairs of int16 (x86_avx512vnni.h has bytes).
  using Tap = int16_t;
  using Weight = int16_t;
  static constexpr int32_t kTaps = 2, kInputShift = 0;

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
  static constexpr bool kFused = false;
  static Float multiply_then_add(Float sum, Float a, Float b) { return _mm512_add_ps(sum, _mm512_mul_ps(a, b)); }
  /// w times *x, which the multiplication itself broadcasts: the compiler would load it into a register once for all its uses, and on CPUs
  /// of 256-bit units (Zen 4) that costs as much as a multiplication.
  static constexpr bool kMultipliesFromMemory = true;
  static Float multiply_from_memory_then_add(Float sum, const float* x, Float w) {
    Float product;
    asm("vmulps %2%{1to16%}, %1, %0" : "=v"(product) : "v"(w), "m"(*x));
    return _mm512_add_ps(sum, product);
  }
  static Float add(Float a, Float b) { return _mm512_add_ps(a, b); }
  static Float divide(Float a, Float b) { return _mm512_div_ps(a, b); }
  /// std::min(std::max(x, low), high), NaN and signed zeros included.
  static Float clamp(Float x, Float low, Float high) { return _mm512_min_ps(high, _mm512_max_ps(low, x)); }

  /// The compiler can neither compute x again nor load it from where it came from.
  static void keep_in_register(Int& x) { asm("" : "+v"(x)); }
  static Int zero_int() { return _mm512_setzero_si512(); }
  static Int broadcast(int32_t x) { return _mm512_set1_epi32(x); }
  static Int load(const int32_t* from) { return _mm512_loadu_si512(from); }
  static void store(int32_t* to, Int x) { _mm512_storeu_si512(to, x); }
  static Int load_weights(const int16_t* from) { return _mm512_loadu_si512(from); }
  static Tap tap(int8_t code) { return code; }
  /// Two taps of one row in every lane.
  static Int broadcast_taps(const int16_t* from) {
    int32_t taps;
    __builtin_memcpy(&taps, from, sizeof(taps));
    return _mm512_set1_epi32(taps);
  }
  /// Four taps of one row in every pair of lanes.
  static Int broadcast_wide(const int16_t* from) {
    int64_t taps;
    __builtin_memcpy(&taps, from, sizeof(taps));
    return _mm512_set1_epi64(taps);
  }
  /// sum + two products per lane.
  static Int dot(Int sum, Int taps, Int weights) { return _mm512_add_epi32(sum, _mm512_madd_epi16(taps, weights)); }
  /// Sums of neighbouring lanes: per group of four, two of a, then two of b.
  static Int add_halves(Int a, Int b) {
    const __m512 first = _mm512_castsi512_ps(a), second = _mm512_castsi512_ps(b);
    return _mm512_add_epi32(_mm512_castps_si512(_mm512_shuffle_ps(first, second, 0x88)),
                            _mm512_castps_si512(_mm512_shuffle_ps(first, second, 0xDD)));
  }
  static void copy_taps(const int8_t* from, int64_t count, int16_t* to) {
    int64_t at = 0;
    for (; at + 32 <= count; at += 32) {
      _mm512_storeu_si512(to + at, _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + at))));
    }
    if (at == count) return;
    const __mmask32 rest = ~uint32_t{0} >> (32 - (count - at));
    _mm512_mask_storeu_epi16(to + at, rest, _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(rest, from + at)));
  }
  static void fill(int16_t* to, int64_t count, int16_t value) {
    for (int64_t at = 0; at < count; at += 32) {
      const int64_t left = count - at;
      _mm512_mask_storeu_epi16(to + at, left >= 32 ? ~uint32_t{0} : ~uint32_t{0} >> (32 - left), _mm512_set1_epi16(value));
    }
  }
  /// The codes of `count` channels of two pixels as pairs of int16: one channel's in every lane, channels in the order of dot_tile.h for
  /// that many vectors. Channels beyond are not read.
  static void interleave(const int8_t* const* pixels, int64_t channel, int32_t count, Int (&taps)[4]) {
    const __mmask64 mask = count >= 64 ? ~uint64_t{0} : ~uint64_t{0} >> (64 - count);
    const __m512i first = _mm512_maskz_loadu_epi8(mask, pixels[0] + channel), second = _mm512_maskz_loadu_epi8(mask, pixels[1] + channel);
    const __m512i low = _mm512_unpacklo_epi8(first, second), high = _mm512_unpackhi_epi8(first, second);
    taps[0] = widen_low(low);
    taps[1] = widen_high(low);
    taps[2] = widen_low(high);
    taps[3] = widen_high(high);
  }
  static void interleave(const int8_t* const* pixels, int64_t channel, int32_t count, Int (&taps)[2]) {
    const auto mask = static_cast<__mmask32>(count >= 32 ? ~uint32_t{0} : ~uint32_t{0} >> (32 - count));
    const __m512i spread = _mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3);  // eight channels into every 128 bits
    const __m512i first = _mm512_castsi256_si512(_mm256_maskz_loadu_epi8(mask, pixels[0] + channel));
    const __m512i second = _mm512_castsi256_si512(_mm256_maskz_loadu_epi8(mask, pixels[1] + channel));
    const __m512i pairs = _mm512_unpacklo_epi8(_mm512_permutexvar_epi64(spread, first), _mm512_permutexvar_epi64(spread, second));
    taps[0] = widen_low(pairs);
    taps[1] = widen_high(pairs);
  }
  static void interleave(const int8_t* const* pixels, int64_t channel, int32_t count, Int (&taps)[1]) {
    const auto mask = static_cast<__mmask16>(count >= 16 ? 0xFFFF : 0xFFFF >> (16 - count));
    const __m512i first = _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(mask, pixels[0] + channel));
    const __m512i second = _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(mask, pixels[1] + channel));
    taps[0] = _mm512_mask_blend_epi16(0xAAAAAAAA, first, _mm512_slli_epi32(second, 16));
  }
  /// The low or high eight bytes of every 128 bits as int16.
  static Int widen_low(Int bytes) { return _mm512_srai_epi16(_mm512_unpacklo_epi8(bytes, bytes), 8); }
  static Int widen_high(Int bytes) { return _mm512_srai_epi16(_mm512_unpackhi_epi8(bytes, bytes), 8); }

  /// Sixteen int8 widened.
  static Int widen(const int8_t* from) { return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))); }
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
  /// x * factor in float32, rounded with ties to even. Requires: less than 2^31 in size.
  static Int round_half_even_product(Int x, Float factor) { return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(x), factor)); }
  /// clamp(x * factor, low, high) in float32, rounded with ties to even.
  static Int round_half_even_product(Int x, Float factor, Float low, Float high) {
    const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(x), factor);
    return _mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(product, low), high));
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
  /// Two rows of two vectors each, whole; rows `stride` bytes apart.
  static void store_shared(int8_t* to, int64_t stride, const Int (*rows)[2], const ByteClamp& clamp) {
    __m512i codes = _mm512_packs_epi16(_mm512_packs_epi32(rows[0][0], rows[0][1]), _mm512_packs_epi32(rows[1][0], rows[1][1]));
    codes = _mm512_min_epi8(_mm512_max_epi8(codes, clamp.low), clamp.high);
    codes = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), codes);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_castsi512_si256(codes));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + stride), _mm512_extracti64x4_epi64(codes, 1));
  }
  /// Four rows of one vector each, whole.
  static void store_shared(int8_t* to, int64_t stride, const Int (*rows)[1], const ByteClamp& clamp) {
    __m512i codes = _mm512_packs_epi16(_mm512_packs_epi32(rows[0][0], rows[1][0]), _mm512_packs_epi32(rows[2][0], rows[3][0]));
    codes = _mm512_min_epi8(_mm512_max_epi8(codes, clamp.low), clamp.high);
    codes = _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), codes);
    if (stride == 16) return _mm512_storeu_si512(to, codes);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_castsi512_si128(codes));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + stride), _mm512_extracti32x4_epi32(codes, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 2 * stride), _mm512_extracti32x4_epi32(codes, 2));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 3 * stride), _mm512_extracti32x4_epi32(codes, 3));
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

  /// Two outputs of one or two vectors each, channels in order, `distance` apart; at 0 the first alone.
  static void store_in_order(int8_t* to, const Int (&outputs)[2][2], const ByteClamp& clamp, int64_t distance) {
    __m512i codes = _mm512_packs_epi16(_mm512_packs_epi32(outputs[0][0], outputs[0][1]), _mm512_packs_epi32(outputs[1][0], outputs[1][1]));
    codes = _mm512_min_epi8(_mm512_max_epi8(codes, clamp.low), clamp.high);
    codes = _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), codes);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + distance), _mm512_extracti64x4_epi64(codes, 1));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_castsi512_si256(codes));
  }
  static void store_in_order(int8_t* to, const Int (&outputs)[2][1], const ByteClamp& clamp, int64_t distance) {
    store_packed(to + distance, outputs[1][0], clamp, kCount);
    store_packed(to, outputs[0][0], clamp, kCount);
  }

  /// The low byte of every lane; lanes hold values of int8.
  static void store_narrow(int8_t* to, Int x) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(x)); }
};

/// The same, products added unrounded (numeric::FloatSum::kFused).
struct FusedLanes : Lanes {
  static constexpr bool kFused = true;
  static Float multiply_then_add(Float sum, Float a, Float b) { return _mm512_fmadd_ps(a, b, sum); }
  static Float multiply_from_memory_then_add(Float sum, const float* x, Float w) {
    asm("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(w), "m"(*x));
    return sum;
  }
};

}  // namespace
}  // namespace liteqat::kernels::x86_avx512
