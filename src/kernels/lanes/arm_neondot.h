// The lane-level steps of the generic and of the dot-product kernels on 64-bit Arm with SDOT: four 32-bit lanes. Only for files built with
// that set's flags; everything has internal linkage. Each is an exact stand-in for the scalar code in numeric/fixed_point.h; semantics
// beyond that are those of x86_avx512.h and x86_avx512vnni.h.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

namespace liteqat::kernels::arm_neondot {
namespace {

struct Lanes {
  using Float = float32x4_t;
  using Int = int32x4_t;

  static constexpr int32_t kCount = 4;
  static constexpr int32_t kBlockVectors = 4;
  static constexpr int32_t kTileSums = 24;  // of thirty-two registers
  /// Arm rounds all operations alike, so a float line cannot be floored as code_steps.h asks; SQRDMULH makes the integer way cheap.
  static constexpr bool kHasSteps = false, kSharedPacks = false;

  /// SDOT multiplies signed bytes: codes are taken as they are.
  using Tap = int8_t;
  using Weight = int8_t;
  static constexpr int32_t kTaps = 4, kInputShift = 0;
  static Tap tap(int8_t code) { return code; }

  static Float zero_float() { return vdupq_n_f32(0); }
  static Float broadcast(float x) { return vdupq_n_f32(x); }
  static Float load(const float* from) { return vld1q_f32(from); }
  static void store(float* to, Float x) { vst1q_f32(to, x); }
  /// The first `count` lanes, all of them where count is larger.
  static void store_first(float* to, Float x, int64_t count) {
    if (count >= kCount) return vst1q_f32(to, x);
    float whole[kCount];
    vst1q_f32(whole, x);
    for (int64_t lane = 0; lane < count; ++lane) to[lane] = whole[lane];
  }
  static void copy(const float* from, int64_t count, float* to) {
    if (count > 0) __builtin_memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
  }
  static void fill_zero(float* to, int64_t count) {
    if (count > 0) __builtin_memset(to, 0, static_cast<size_t>(count) * sizeof(float));
  }
  static constexpr bool kFused = false;
  static Float multiply_then_add(Float sum, Float a, Float b) { return vaddq_f32(sum, vmulq_f32(a, b)); }
  static constexpr bool kMultipliesFromMemory = false;
  static Float add(Float a, Float b) { return vaddq_f32(a, b); }
  /// std::min(std::max(x, low), high), NaN and signed zeros included (FMAX and FMIN order zeros).
  static Float clamp(Float x, Float low, Float high) {
    const Float above = vbslq_f32(vcltq_f32(x, low), low, x);
    return vbslq_f32(vcltq_f32(high, above), high, above);
  }

  static void keep_in_register(Int& x) { asm("" : "+w"(x)); }
  static Int zero_int() { return vdupq_n_s32(0); }
  static Int broadcast(int32_t x) { return vdupq_n_s32(x); }
  static Int load(const int32_t* from) { return vld1q_s32(from); }
  static void store(int32_t* to, Int x) { vst1q_s32(to, x); }
  /// Four int8 widened.
  static Int widen(const int8_t* from) {
    int32_t codes;
    __builtin_memcpy(&codes, from, sizeof(codes));
    return vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(codes)))));
  }
  static Int add(Int a, Int b) { return vaddq_s32(a, b); }
  static Int subtract(Int a, Int b) { return vsubq_s32(a, b); }
  static Int multiply(Int a, Int b) { return vmulq_s32(a, b); }
  static Int clamp(Int x, Int low, Int high) { return vminq_s32(high, vmaxq_s32(low, x)); }
  static Int shift_left(Int x, Int count) { return vshlq_s32(x, count); }
  static Int shift_right(Int x, Int count) { return vshlq_s32(x, vnegq_s32(count)); }
  static Int bit_and(Int a, Int b) { return vandq_s32(a, b); }
  /// -1 where a > b, else 0.
  static Int greater(Int a, Int b) { return vreinterpretq_s32_u32(vcgtq_s32(a, b)); }
  /// numeric::srdhm; SQRDMULH saturates its one overflow as the definition does.
  static Int srdhm(Int a, Int b) { return vqrdmulhq_s32(a, b); }

  static Int load_weights(const int8_t* from) { return load_bytes(from); }
  static Int load_bytes(const int8_t* from) { return vreinterpretq_s32_s8(vld1q_s8(from)); }
  static Int broadcast_taps(const int8_t* from) {
    int32_t taps;
    __builtin_memcpy(&taps, from, sizeof(taps));
    return vdupq_n_s32(taps);
  }
  /// Eight taps of one row in every pair of lanes.
  static Int broadcast_wide(const int8_t* from) {
    int64_t taps;
    __builtin_memcpy(&taps, from, sizeof(taps));
    return vreinterpretq_s32_s64(vdupq_n_s64(taps));
  }
  /// Sums of neighbouring lanes: two of a, then two of b.
  static Int add_halves(Int a, Int b) { return vpaddq_s32(a, b); }
  /// sum + four products per lane, modulo 2^32.
  static Int dot(Int sum, Int taps, Int weights) { return vdotq_s32(sum, vreinterpretq_s8_s32(taps), vreinterpretq_s8_s32(weights)); }
  static void copy_taps(const int8_t* from, int64_t count, int8_t* to) {
    if (count > 0) __builtin_memcpy(to, from, static_cast<size_t>(count));
  }
  static void fill(int8_t* to, int64_t count, int8_t value) {
    if (count > 0) __builtin_memset(to, value, static_cast<size_t>(count));
  }

  /// The codes of `count` channels from `channel` on of four pixels: one channel's four in every lane. Channels beyond are not read.
  template <int kVectors>
  static void interleave(const int8_t* const* pixels, int64_t channel, int32_t count, Int (&taps)[kVectors]) {
    int8x16_t from[4];
    for (int pixel = 0; pixel < 4; ++pixel) from[pixel] = load_codes(pixels[pixel] + channel, count);
    const int16x8_t low01 = vreinterpretq_s16_s8(vzip1q_s8(from[0], from[1])), low23 = vreinterpretq_s16_s8(vzip1q_s8(from[2], from[3]));
    taps[0] = vreinterpretq_s32_s16(vzip1q_s16(low01, low23));
    if constexpr (kVectors > 1) taps[1] = vreinterpretq_s32_s16(vzip2q_s16(low01, low23));
    if constexpr (kVectors > 2) {
      const int16x8_t high01 = vreinterpretq_s16_s8(vzip2q_s8(from[0], from[1]));
      const int16x8_t high23 = vreinterpretq_s16_s8(vzip2q_s8(from[2], from[3]));
      taps[2] = vreinterpretq_s32_s16(vzip1q_s16(high01, high23));
      taps[3] = vreinterpretq_s32_s16(vzip2q_s16(high01, high23));
    }
  }

  /// clamp(x * factor, low, high) in float32, rounded with ties to even.
  static Int round_half_even_product(Int x, Float factor, Float low, Float high) {
    return vcvtnq_s32_f32(vminq_f32(vmaxq_f32(vmulq_f32(vcvtq_f32_s32(x), factor), low), high));
  }

  /// round_half_away(x * rescale), saturated far beyond int8.
  static Int round_scaled(Int x, const double* rescale) {
    const float64x2_t low = vmulq_f64(vcvtq_f64_s64(vmovl_s32(vget_low_s32(x))), vld1q_f64(rescale));
    const float64x2_t high = vmulq_f64(vcvtq_f64_s64(vmovl_s32(vget_high_s32(x))), vld1q_f64(rescale + 2));
    const Int rounded = vcombine_s32(vqmovn_s64(vcvtaq_s64_f64(low)), vqmovn_s64(vcvtaq_s64_f64(high)));
    return clamp(rounded, vdupq_n_s32(-(1 << 20)), vdupq_n_s32(1 << 20));
  }

  struct ByteClamp {
    int8x16_t low, high;
  };
  static ByteClamp byte_clamp(int32_t low, int32_t high) {
    return {vdupq_n_s8(static_cast<int8_t>(low)), vdupq_n_s8(static_cast<int8_t>(high))};
  }
  /// Saturates, clamps and stores the first `count` codes. Four lanes a vector make the order of dot_tile.h the natural one.
  static void store_packed(int8_t* to, Int a, Int b, Int c, Int d, const ByteClamp& clamp_to, int64_t count) {
    const int16x8_t low = vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)), high = vcombine_s16(vqmovn_s32(c), vqmovn_s32(d));
    const int8x16_t codes = vcombine_s8(vqmovn_s16(low), vqmovn_s16(high));
    store_codes(to, vminq_s8(vmaxq_s8(codes, clamp_to.low), clamp_to.high), count);
  }
  static void store_packed(int8_t* to, Int a, Int b, const ByteClamp& clamp_to, int64_t count) {
    store_packed(to, a, b, a, b, clamp_to, count < 8 ? count : 8);
  }
  static void store_packed(int8_t* to, Int a, const ByteClamp& clamp_to, int64_t count) {
    store_packed(to, a, a, a, a, clamp_to, count < 4 ? count : 4);
  }

  /// The low byte of every lane; lanes hold values of int8.
  static void store_narrow(int8_t* to, Int x) {
    const int16x4_t words = vmovn_s32(x);
    const int32_t codes = vget_lane_s32(vreinterpret_s32_s8(vmovn_s16(vcombine_s16(words, words))), 0);
    __builtin_memcpy(to, &codes, sizeof(codes));
  }

 private:
  static int8x16_t load_codes(const int8_t* from, int32_t count) {
    if (count >= 16) return vld1q_s8(from);
    int8_t codes[16] = {};
    for (int32_t index = 0; index < count; ++index) codes[index] = from[index];
    return vld1q_s8(codes);
  }
  static void store_codes(int8_t* to, int8x16_t codes, int64_t count) {
    if (count >= 16) return vst1q_s8(to, codes);
    int8_t whole[16];
    vst1q_s8(whole, codes);
    for (int64_t index = 0; index < count; ++index) to[index] = whole[index];
  }
};

/// The same, products added unrounded (numeric::FloatSum::kFused).
struct FusedLanes : Lanes {
  static constexpr bool kFused = true;
  static Float multiply_then_add(Float sum, Float a, Float b) { return vfmaq_f32(sum, a, b); }
};

}  // namespace
}  // namespace liteqat::kernels::arm_neondot
