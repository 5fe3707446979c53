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
};

}  // namespace
}  // namespace liteqat::kernels::x86_avx512vnni
