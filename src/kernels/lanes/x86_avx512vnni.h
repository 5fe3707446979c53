// The steps of the dot-product kernels on AVX-512 VNNI, on top of those of AVX-512. Only for files built with VNNI flags; everything has
// internal linkage.
#pragma once

#include "kernels/lanes/x86_avx512.h"

namespace liteqat::kernels::x86_avx512vnni {
namespace {

struct Lanes : x86_avx512::Lanes {
  /// vpdpbusd multiplies unsigned by signed bytes: input codes are taken as code + 128, that is code XOR 0x80.
  using Tap = uint8_t;
  using Weight = int8_t;
  static constexpr int32_t kTaps = 4, kInputShift = 128;
  static constexpr uint8_t kInputFlip = 0x80;
  static Tap tap(int8_t code) { return static_cast<uint8_t>(code ^ kInputFlip); }

  static Int load_weights(const int8_t* from) { return load_bytes(from); }
  static Int load_bytes(const int8_t* from) { return _mm512_loadu_si512(from); }
  /// Four taps of one row in every lane.
  static Int broadcast_taps(const uint8_t* from) {
    int32_t taps;
    __builtin_memcpy(&taps, from, sizeof(taps));
    return _mm512_set1_epi32(taps);
  }
  /// The low half of a and the high half of b.
  static Int join_halves(Int a, Int b) { return _mm512_mask_blend_epi32(0xFF00, a, b); }
  /// Two rows of `count` codes, 17 to 24, of which `shared` holds those beyond 16: the first row's in the low half, the other's in the
  /// high.
  static void store_pair(int8_t* to, int64_t stride, Int first, Int second, Int shared, const ByteClamp& clamp, int64_t count) {
    __m512i codes = _mm512_packs_epi16(_mm512_packs_epi32(first, second), _mm512_packs_epi32(shared, shared));
    codes = _mm512_min_epi8(_mm512_max_epi8(codes, clamp.low), clamp.high);
    codes = _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 2, 6, 6, 6, 1, 5, 9, 13, 10, 14, 14, 14), codes);
    const __mmask32 mask = ~uint32_t{0} >> (32 - count);
    _mm256_mask_storeu_epi8(to, mask, _mm512_castsi512_si256(codes));
    _mm256_mask_storeu_epi8(to + stride, mask, _mm512_extracti64x4_epi64(codes, 1));
  }
  /// Eight taps of one row in every pair of lanes.
  static Int broadcast_wide(const uint8_t* from) {
    int64_t taps;
    __builtin_memcpy(&taps, from, sizeof(taps));
    return _mm512_set1_epi64(taps);
  }
  /// sum + four products per lane, modulo 2^32. The saturating vpdpbusds would be wrong: with the shift of 128 a partial sum may pass 2^31
  /// although the whole does not.
  static Int dot(Int sum, Int taps, Int weights) { return _mm512_dpbusd_epi32(sum, taps, weights); }

  /// The codes of `count` channels from `channel` on of four pixels, as bytes that dot() takes: one channel's four in every lane, channels
  /// in the order of dot_tile.h for that many vectors. Channels beyond are not read.
  static void interleave(const int8_t* const* pixels, int64_t channel, int32_t count, Int (&taps)[4]) {
    const __mmask64 mask = count >= 64 ? ~uint64_t{0} : ~uint64_t{0} >> (64 - count);
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(kInputFlip));
    __m512i from[4];
    for (int pixel = 0; pixel < 4; ++pixel) from[pixel] = _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, pixels[pixel] + channel), flip);
    const __m512i low01 = _mm512_unpacklo_epi8(from[0], from[1]), high01 = _mm512_unpackhi_epi8(from[0], from[1]);
    const __m512i low23 = _mm512_unpacklo_epi8(from[2], from[3]), high23 = _mm512_unpackhi_epi8(from[2], from[3]);
    taps[0] = _mm512_unpacklo_epi16(low01, low23);
    taps[1] = _mm512_unpackhi_epi16(low01, low23);
    taps[2] = _mm512_unpacklo_epi16(high01, high23);
    taps[3] = _mm512_unpackhi_epi16(high01, high23);
  }
  static void interleave(const int8_t* const* pixels, int64_t channel, int32_t count, Int (&taps)[2]) {
    const auto mask = static_cast<__mmask32>(count >= 32 ? ~uint32_t{0} : ~uint32_t{0} >> (32 - count));
    const __m512i spread = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);  // eight channels of both pixels into every 128 bits
    const __m512i pairs = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
    __m512i from[2];
    for (int half = 0; half < 2; ++half) {
      const __m256i first = _mm256_maskz_loadu_epi8(mask, pixels[2 * half] + channel);
      const __m256i second = _mm256_maskz_loadu_epi8(mask, pixels[2 * half + 1] + channel);
      from[half] =
          _mm512_shuffle_epi8(_mm512_permutexvar_epi64(spread, _mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1)), pairs);
    }
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(kInputFlip));
    taps[0] = _mm512_xor_si512(_mm512_unpacklo_epi16(from[0], from[1]), flip);
    taps[1] = _mm512_xor_si512(_mm512_unpackhi_epi16(from[0], from[1]), flip);
  }
  static void interleave(const int8_t* const* pixels, int64_t channel, int32_t count, Int (&taps)[1]) {
    const auto mask = static_cast<__mmask16>(count >= 16 ? 0xFFFF : 0xFFFF >> (16 - count));
    const __m512i spread = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i transposed = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    __m512i from = _mm512_castsi128_si512(_mm_maskz_loadu_epi8(mask, pixels[0] + channel));
    from = _mm512_inserti32x4(from, _mm_maskz_loadu_epi8(mask, pixels[1] + channel), 1);
    from = _mm512_inserti32x4(from, _mm_maskz_loadu_epi8(mask, pixels[2] + channel), 2);
    from = _mm512_inserti32x4(from, _mm_maskz_loadu_epi8(mask, pixels[3] + channel), 3);
    from = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(spread, from), transposed);
    taps[0] = _mm512_xor_si512(from, _mm512_set1_epi8(static_cast<char>(kInputFlip)));
  }

  /// 64 codes from `at` on of four rows, as bytes that dot() takes, the four of one channel after another.
  [[gnu::always_inline]] static void interleave_in_order(const int8_t* const (&rows)[4], int64_t at, int8_t* to) {
    __m512i codes[4];
    for (int row = 0; row < 4; ++row) codes[row] = _mm512_loadu_si512(rows[row] + at);
    interleave_in_order(codes);
    for (int vector = 0; vector < 4; ++vector) _mm512_storeu_si512(to + 64 * vector, codes[vector]);
  }
  /// The first `count`, less than 64.
  static void interleave_first(const int8_t* const (&rows)[4], int64_t count, int8_t* to) {
    const __mmask64 mask = (uint64_t{1} << count) - 1;
    __m512i codes[4];
    for (int row = 0; row < 4; ++row) codes[row] = _mm512_maskz_loadu_epi8(mask, rows[row]);
    interleave_in_order(codes);
    for (int vector = 0; vector < 4; ++vector) {
      _mm512_mask_storeu_epi32(to + 64 * vector, static_cast<__mmask16>(mask >> (16 * vector)), codes[vector]);
    }
  }
  [[gnu::always_inline]] static void interleave_in_order(__m512i (&rows)[4]) {
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(kInputFlip));
    // Unpacking takes four channels from each 128 bits at a time.
    const __m512i quarters = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    for (__m512i& row : rows) row = _mm512_xor_si512(_mm512_permutexvar_epi32(quarters, row), flip);
    const __m512i low01 = _mm512_unpacklo_epi8(rows[0], rows[1]), high01 = _mm512_unpackhi_epi8(rows[0], rows[1]);
    const __m512i low23 = _mm512_unpacklo_epi8(rows[2], rows[3]), high23 = _mm512_unpackhi_epi8(rows[2], rows[3]);
    rows[0] = _mm512_unpacklo_epi16(low01, low23);
    rows[1] = _mm512_unpackhi_epi16(low01, low23);
    rows[2] = _mm512_unpacklo_epi16(high01, high23);
    rows[3] = _mm512_unpackhi_epi16(high01, high23);
  }

  /// `count` codes to bytes that dot() takes.
  static void copy_taps(const int8_t* from, int64_t count, uint8_t* to) {
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(kInputFlip));
    int64_t at = 0;
    for (; at + 64 <= count; at += 64) _mm512_storeu_si512(to + at, _mm512_xor_si512(_mm512_loadu_si512(from + at), flip));
    if (at == count) return;
    const __mmask64 rest = ~uint64_t{0} >> (64 - (count - at));
    _mm512_mask_storeu_epi8(to + at, rest, _mm512_xor_si512(_mm512_maskz_loadu_epi8(rest, from + at), flip));
  }
  static void fill(uint8_t* to, int64_t count, uint8_t value) {
    const __m512i values = _mm512_set1_epi8(static_cast<char>(value));
    int64_t at = 0;
    for (; at + 64 <= count; at += 64) _mm512_storeu_si512(to + at, values);
    if (at < count) _mm512_mask_storeu_epi8(to + at, ~uint64_t{0} >> (64 - (count - at)), values);
  }
};

}  // namespace
}  // namespace liteqat::kernels::x86_avx512vnni
