// The steps of the dot-product kernels on AVX-512 VNNI, on top of those of AVX-512. Only for files built with VNNI flags; everything has
// internal linkage.
#pragma once

#include "kernels/lanes/x86_avx512.h"

namespace liteqat::kernels::x86_avx512vnni {
namespace {

struct Lanes : x86_avx512::Lanes {
  /// vpdpbusd multiplies unsigned by signed bytes: input codes are taken as code + 128, that is code XOR 0x80.
  static constexpr uint8_t kInputFlip = 0x80;
  static constexpr int32_t kInputShift = 128;

  static Int load_bytes(const int8_t* from) { return _mm512_loadu_si512(from); }
  /// Four taps of one row in every lane.
  static Int broadcast_taps(const uint8_t* from) {
    int32_t taps;
    __builtin_memcpy(&taps, from, sizeof(taps));
    return _mm512_set1_epi32(taps);
  }
  /// Eight taps of one row in every pair of lanes.
  static Int broadcast_wide(const uint8_t* from) {
    int64_t taps;
    __builtin_memcpy(&taps, from, sizeof(taps));
    return _mm512_set1_epi64(taps);
  }
  /// Sums of neighbouring lanes: per group of four, two of a, then two of b.
  static Int add_halves(Int a, Int b) {
    const __m512 first = _mm512_castsi512_ps(a), second = _mm512_castsi512_ps(b);
    return _mm512_add_epi32(_mm512_castps_si512(_mm512_shuffle_ps(first, second, 0x88)),
                            _mm512_castps_si512(_mm512_shuffle_ps(first, second, 0xDD)));
  }
  /// sum + four products per lane, modulo 2^32. The saturating vpdpbusds would be wrong: with the shift of 128 a partial sum may pass 2^31
  /// although the whole does not.
  static Int dot(Int sum, Int taps, Int weights) { return _mm512_dpbusd_epi32(sum, taps, weights); }

  /// `count` codes to bytes that dot() takes.
  static void copy_flipped(const int8_t* from, int64_t count, uint8_t* to) {
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
