// Between float32 and 8-bit codes, a vector at a time. Shared by the instruction sets; Lanes and Bytes types of internal linkage give the
// steps. uint8 is int8 with the highest bit flipped and a zero point 128 lower.
//
// The reference multiplies in double: scale (24 bits) * difference (9 bits) is exact there, so one product in float32 rounds to the same.
#pragma once

#include "kernels/quantize/implementations.h"

namespace liteqat::kernels::quantize {

template <typename Lanes, typename Bytes>
struct Convert {
  using Int = typename Lanes::Int;

  static constexpr float kFar = 65536.0f;  // from where every code is saturated, whatever the zero point

  /// Codes as int8 of Lanes::kCount values, through memory where there are fewer.
  template <uint8_t kFlip>
  [[gnu::always_inline]] static void quantize(int64_t count, const Affine& params, const float* input, uint8_t* output) {
    const auto scale = Lanes::broadcast(params.scale);
    const Int zero_point = Lanes::broadcast(params.zero_point - kFlip);
    const Int low = Lanes::broadcast(int32_t{INT8_MIN}), high = Lanes::broadcast(int32_t{INT8_MAX});
    const Int flip = Lanes::broadcast(int32_t{kFlip}), upper_bits = Lanes::broadcast(int32_t{24});
    const auto codes = [&](const float* from) __attribute__((always_inline)) {
      const Int steps = Bytes::divide_rounding(Lanes::load(from), scale, kFar);
      const Int code = Lanes::clamp(Lanes::add(steps, zero_point), low, high);
      if (kFlip == 0) return code;
      return Lanes::shift_right(Lanes::shift_left(Lanes::add(code, flip), upper_bits), upper_bits);  // the same eight bits as an int8
    };
    int64_t at = 0;
    for (; at + Lanes::kCount <= count; at += Lanes::kCount) Lanes::store_narrow(reinterpret_cast<int8_t*>(output + at), codes(input + at));
    if (at == count) return;
    float values[Lanes::kCount] = {};
    int8_t narrow[Lanes::kCount];
    for (int64_t lane = 0; lane < count - at; ++lane) values[lane] = input[at + lane];
    Lanes::store_narrow(narrow, codes(values));
    __builtin_memcpy(output + at, narrow, static_cast<size_t>(count - at));
  }

  template <uint8_t kFlip>
  [[gnu::always_inline]] static void dequantize(int64_t count, const Affine& params, const uint8_t* input, float* output) {
    const auto scale = Lanes::broadcast(params.scale);
    const Int zero_point = Lanes::broadcast(params.zero_point - kFlip);
    const auto flip = Bytes::broadcast(kFlip);
    int8_t codes[Bytes::kCount];
    for (int64_t at = 0; at < count; at += Bytes::kCount) {
      const int64_t rest = count - at < Bytes::kCount ? count - at : int64_t{Bytes::kCount};
      const auto loaded = rest == Bytes::kCount ? Bytes::load(input + at) : Bytes::load_first(input + at, rest);
      Bytes::store(codes, Bytes::bit_xor(loaded, flip));
      for (int64_t lane = 0; lane < rest; lane += Lanes::kCount) {
        const auto values = Bytes::multiply(scale, Bytes::to_float(Lanes::subtract(Lanes::widen(codes + lane), zero_point)));
        Lanes::store_first(output + at + lane, values, rest - lane);
      }
    }
  }

  static void quantize_int8(int64_t count, const Affine& params, const float* input, int8_t* output) {
    quantize<0>(count, params, input, reinterpret_cast<uint8_t*>(output));
  }
  static void quantize_uint8(int64_t count, const Affine& params, const float* input, uint8_t* output) {
    quantize<128>(count, params, input, output);
  }
  static void dequantize_int8(int64_t count, const Affine& params, const int8_t* input, float* output) {
    dequantize<0>(count, params, reinterpret_cast<const uint8_t*>(input), output);
  }
  static void dequantize_uint8(int64_t count, const Affine& params, const uint8_t* input, float* output) {
    dequantize<128>(count, params, input, output);
  }
};

}  // namespace liteqat::kernels::quantize
