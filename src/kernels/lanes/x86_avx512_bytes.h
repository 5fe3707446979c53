// Bytes on AVX-512 (F, BW, DQ, VL), sixty-four at a time, for the kernels that need no weights. Only for files built with AVX-512 flags;
// everything has internal linkage. Exact. A vector is 64 codes; `Int` and `Float` are those of x86_avx512.h.
#pragma once

#include "kernels/lanes/x86_avx512.h"

namespace liteqat::kernels::x86_avx512 {
namespace {

struct Bytes {
  using Vector = __m512i;
  using Int = Lanes::Int;

  static constexpr int32_t kCount = 64;

  static Vector load(const void* from) { return _mm512_loadu_si512(from); }
  static void store(void* to, Vector x) { _mm512_storeu_si512(to, x); }
  /// The first `count` codes, 1 to kCount; the others are 0.
  static Vector load_first(const void* from, int64_t count) { return _mm512_maskz_loadu_epi8(~uint64_t{0} >> (kCount - count), from); }
  static void store_first(void* to, Vector x, int64_t count) { _mm512_mask_storeu_epi8(to, ~uint64_t{0} >> (kCount - count), x); }

  static Vector broadcast(int32_t code) { return _mm512_set1_epi8(static_cast<char>(code)); }
  static Vector bit_xor(Vector a, Vector b) { return _mm512_xor_si512(a, b); }
  static Vector largest(Vector a, Vector b) { return _mm512_max_epi8(a, b); }
  static Vector smallest(Vector a, Vector b) { return _mm512_min_epi8(a, b); }

  /// 16 entries, for look_up.
  static Vector load_entries(const uint8_t* from) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  /// The entry at the low four bits of every code from 0 to 127; 0 for codes below 0.
  static Vector look_up(Vector entries, Vector codes) { return _mm512_shuffle_epi8(entries, codes); }
  static Vector subtract_saturating(Vector a, Vector b) { return _mm512_subs_epi8(a, b); }
  static Vector bit_xor(Vector a, Vector b, Vector c) { return _mm512_ternarylogic_epi32(a, b, c, 0x96); }

  /// Sums of up to 256 codes, 16 bits each.
  struct Sums {
    __m512i low = _mm512_setzero_si512(), high = _mm512_setzero_si512();
  };
  static void add_codes(Sums& sums, const int8_t* from) {
    const auto* halves = reinterpret_cast<const __m256i*>(from);
    sums.low = _mm512_add_epi16(sums.low, _mm512_cvtepi8_epi16(_mm256_loadu_si256(halves)));
    sums.high = _mm512_add_epi16(sums.high, _mm512_cvtepi8_epi16(_mm256_loadu_si256(halves + 1)));
  }
  static void add_codes(Sums& sums, Vector codes) {
    sums.low = _mm512_add_epi16(sums.low, _mm512_cvtepi8_epi16(_mm512_castsi512_si256(codes)));
    sums.high = _mm512_add_epi16(sums.high, _mm512_cvtepi8_epi16(_mm512_extracti64x4_epi64(codes, 1)));
  }
  /// to[code] += its sum, in 32 bits.
  static void add_to(int32_t* to, const Sums& sums) {
    add_half(to, sums.low);
    add_half(to + 32, sums.high);
  }
  static void add_half(int32_t* to, __m512i sums) {
    const __m512i first = _mm512_cvtepi16_epi32(_mm512_castsi512_si256(sums));
    const __m512i second = _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(sums, 1));
    _mm512_storeu_si512(to, _mm512_add_epi32(_mm512_loadu_si512(to), first));
    _mm512_storeu_si512(to + 16, _mm512_add_epi32(_mm512_loadu_si512(to + 16), second));
  }

  /// x / divisor cut to an integer; exact where 2^24 > |x|, 2^8 > |x / divisor| and 2^17 > divisor: the next integer is farther away than
  /// the quotient's rounding reaches.
  static Int divide(Int x, float divisor) { return _mm512_cvttps_epi32(_mm512_div_ps(_mm512_cvtepi32_ps(x), _mm512_set1_ps(divisor))); }

  /// Four codes a and b each in a pair of 16 bits, times 256, in the order in which pack() takes them.
  struct Pairs {
    __m512i part[4];
  };
  static Pairs interleave(Vector a, Vector b) {
    const __m512i zero = _mm512_setzero_si512();
    const __m512i a_low = _mm512_unpacklo_epi8(zero, a), a_high = _mm512_unpackhi_epi8(zero, a);
    const __m512i b_low = _mm512_unpacklo_epi8(zero, b), b_high = _mm512_unpackhi_epi8(zero, b);
    return {_mm512_unpacklo_epi16(a_low, b_low), _mm512_unpackhi_epi16(a_low, b_low), _mm512_unpacklo_epi16(a_high, b_high),
            _mm512_unpackhi_epi16(a_high, b_high)};
  }
  /// Products of both 16-bit halves, added.
  static Int multiply_pairs(__m512i pairs, Int factors) { return _mm512_madd_epi16(pairs, factors); }
  static Int shift_right(Int x, int32_t count) { return _mm512_sra_epi32(x, _mm_cvtsi32_si128(count)); }
  /// Four parts of 32 bits as codes, saturated.
  static Vector pack(Int a, Int b, Int c, Int d) { return _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d)); }

  static Lanes::Float to_float(Int x) { return _mm512_cvtepi32_ps(x); }
  static Lanes::Float multiply(Lanes::Float a, Lanes::Float b) { return _mm512_mul_ps(a, b); }
  /// round_half_away(x / divisor), held inside +-limit; NaN gives 0. 0x1.fffffep-2 is the largest float below 1/2: 1/2 itself would round
  /// the float below it up.
  static Int divide_rounding(Lanes::Float x, Lanes::Float divisor, float limit) {
    __m512 quotient = _mm512_div_ps(x, divisor);
    quotient = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(quotient, quotient, _CMP_ORD_Q), quotient);
    quotient = _mm512_max_ps(_mm512_min_ps(quotient, _mm512_set1_ps(limit)), _mm512_set1_ps(-limit));
    const __m512 half = _mm512_or_ps(_mm512_and_ps(quotient, _mm512_set1_ps(-0.0f)), _mm512_set1_ps(0x1.fffffep-2f));
    return _mm512_cvttps_epi32(_mm512_add_ps(quotient, half));
  }
};

}  // namespace
}  // namespace liteqat::kernels::x86_avx512
