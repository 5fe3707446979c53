// ADD of int8 codes, one lane per element. Shared by the instruction sets; a Lanes type of internal linkage gives the steps.
//
// The operand of the larger scale has the factor 1/2 exactly, so its part is a shift. The other part, ((code - zero) * 2^20 * m + 2^30)
// >> 31, needs no 64-bit product: with m = high * 2^11 + low it is (code - zero) * high + (((code - zero) * low + 2^10) >> 11), exactly,
// and both products stay below 2^29. The sum stays below 2^29 too, which leaves room for the addend of the last rounding.
#pragma once

#include "kernels/add/implementations.h"

namespace liteqat::kernels::add {

template <typename Lanes>
struct Codes {
  using Int = typename Lanes::Int;

  static constexpr int32_t kSplit = 11;
  static constexpr int32_t kHalfShift = numeric::kAddLeftShift - 1;  // times 2^20, times 1/2

  /// x / 2^exponent to nearest, ties away from zero, for |x| + 2^(exponent - 1) < 2^31.
  struct Rounding {
    Int exponent, half, ties;
    [[gnu::always_inline]] explicit Rounding(int32_t shift)
        : exponent(Lanes::broadcast(shift)),
          half(Lanes::broadcast(shift == 0 ? 0 : 1 << (shift - 1))),
          ties(Lanes::broadcast(shift == 0 ? 0 : -1)) {}
    [[gnu::always_inline]] Int operator()(Int x, Int sign_shift) const {
      const Int down = Lanes::bit_and(Lanes::shift_right(x, sign_shift), ties);
      return Lanes::shift_right(Lanes::add(x, Lanes::add(half, down)), exponent);
    }
  };

  /// Everything constant over the elements. `wide` is the operand of the larger scale.
  struct Constants {
    Int wide_zero, high, high_zero, low, low_zero, split, half_shift, sign_shift, mantissa, zero_point, clamp_low, clamp_high;
    Rounding narrow, output;

    [[gnu::always_inline]] Constants(const CodesParams& params, int32_t wide_zero_point, int32_t narrow_zero_point,
                                     numeric::Multiplier multiplier)
        : wide_zero(Lanes::broadcast(wide_zero_point)),
          high(Lanes::broadcast(multiplier.mantissa >> kSplit)),
          high_zero(Lanes::broadcast((multiplier.mantissa >> kSplit) * narrow_zero_point)),
          low(Lanes::broadcast(multiplier.mantissa & ((1 << kSplit) - 1))),
          low_zero(Lanes::broadcast((multiplier.mantissa & ((1 << kSplit) - 1)) * narrow_zero_point - (1 << (kSplit - 1)))),
          split(Lanes::broadcast(int32_t{kSplit})),
          half_shift(Lanes::broadcast(int32_t{kHalfShift})),
          sign_shift(Lanes::broadcast(int32_t{31})),
          mantissa(Lanes::broadcast(params.rescale.output.mantissa)),
          zero_point(Lanes::broadcast(params.output_zero_point)),
          clamp_low(Lanes::broadcast(params.clamp.low)),
          clamp_high(Lanes::broadcast(params.clamp.high)),
          narrow(-multiplier.shift),
          output(-params.rescale.output.shift) {}

    [[gnu::always_inline]] Int codes(Int wide, Int narrow_codes) const {
      const Int wide_part = Lanes::shift_left(Lanes::subtract(wide, wide_zero), half_shift);
      const Int coarse = Lanes::subtract(Lanes::multiply(narrow_codes, high), high_zero);
      const Int fine = Lanes::shift_right(Lanes::subtract(Lanes::multiply(narrow_codes, low), low_zero), split);
      const Int sum = Lanes::add(wide_part, narrow(Lanes::add(coarse, fine), sign_shift));
      const Int result = Lanes::add(output(Lanes::srdhm(sum, mantissa), sign_shift), zero_point);
      return Lanes::clamp(result, clamp_low, clamp_high);
    }
  };

  /// The kernel works on whole vectors of codes; a rest goes through a buffer.
  [[gnu::always_inline]] static void run_ordered(const Constants& constants, int64_t count, const int8_t* wide, const int8_t* narrow,
                                                 int8_t* output) {
    constexpr int kUnroll = 4;
    int64_t at = 0;
    for (; at + kUnroll * Lanes::kCount <= count; at += kUnroll * Lanes::kCount) {
      Int codes[kUnroll];
#pragma GCC unroll 4
      for (int vector = 0; vector < kUnroll; ++vector) {
        const int64_t from = at + vector * Lanes::kCount;
        codes[vector] = constants.codes(Lanes::widen(wide + from), Lanes::widen(narrow + from));
      }
#pragma GCC unroll 4
      for (int vector = 0; vector < kUnroll; ++vector) Lanes::store_narrow(output + at + vector * Lanes::kCount, codes[vector]);
    }
    for (; at < count; at += Lanes::kCount) {
      const int64_t rest = count - at < Lanes::kCount ? count - at : Lanes::kCount;
      int8_t wide_rest[Lanes::kCount] = {}, narrow_rest[Lanes::kCount] = {}, results[Lanes::kCount];
      for (int64_t lane = 0; lane < rest; ++lane) {
        wide_rest[lane] = wide[at + lane];
        narrow_rest[lane] = narrow[at + lane];
      }
      Lanes::store_narrow(results, constants.codes(Lanes::widen(wide_rest), Lanes::widen(narrow_rest)));
      for (int64_t lane = 0; lane < rest; ++lane) output[at + lane] = results[lane];
    }
  }

  [[gnu::always_inline]] static bool a_is_wide(const CodesParams& params) {
    constexpr numeric::Multiplier kHalf = {1 << 30, 0};
    return params.rescale.a == kHalf;
  }
  [[gnu::always_inline]] static Constants make_constants(const CodesParams& params) {
    return a_is_wide(params) ? Constants(params, params.a_zero_point, params.b_zero_point, params.rescale.b)
                             : Constants(params, params.b_zero_point, params.a_zero_point, params.rescale.a);
  }

  static void run(const CodesParams& params, int64_t count, const int8_t* a, const int8_t* b, int8_t* output) {
    a_is_wide(params) ? run_ordered(make_constants(params), count, a, b, output) : run_ordered(make_constants(params), count, b, a, output);
  }
};

}  // namespace liteqat::kernels::add
