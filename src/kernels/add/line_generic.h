// ADD along a line on vectors of bytes, and the search for its constant. Shared by the instruction sets; Lanes and Bytes types of internal
// linkage give the steps.
#pragma once

#include "kernels/add/generic.h"
#include "kernels/add/line_implementations.h"

namespace liteqat::kernels::add {

template <typename Lanes, typename Bytes>
struct LineCodes {
  using Int = typename Lanes::Int;
  using Vector = typename Bytes::Vector;
  static constexpr int32_t kLowBits = 15;

  /// The constants that put every pair of codes on its step: [least, most], held against one pair after another.
  struct Interval {
    Int least = Lanes::broadcast(int32_t{INT32_MIN}), most = Lanes::broadcast(int32_t{INT32_MAX});
    Int one = Lanes::broadcast(int32_t{1}), lowest = least, highest = most;
    Int clamp_low, clamp_high, shift;

    [[gnu::always_inline]] explicit Interval(const Line& line)
        : clamp_low(Lanes::broadcast(line.clamp.low)), clamp_high(Lanes::broadcast(line.clamp.high)), shift(Lanes::broadcast(line.shift)) {}

    /// `codes` of the definition, `sums` of the line without its constant. A clamped code bounds the constant from one side only.
    [[gnu::always_inline]] void hold(Int codes, Int sums) {
      const Int from = Lanes::subtract(Lanes::shift_left(codes, shift), sums);
      const Int to = Lanes::subtract(Lanes::shift_left(Lanes::add(codes, one), shift), Lanes::add(sums, one));
      const Int above_low = Lanes::greater(codes, clamp_low), below_high = Lanes::greater(clamp_high, codes);
      const Int least_asked = Lanes::add(least, Lanes::bit_and(Lanes::subtract(from, least), above_low));
      const Int most_asked = Lanes::add(most, Lanes::bit_and(Lanes::subtract(to, most), below_high));
      least = Lanes::clamp(least_asked, least, highest);
      most = Lanes::clamp(most_asked, lowest, most);
    }
    /// The middle of what all lanes leave; false where that is nothing.
    [[gnu::always_inline]] bool find_middle(int32_t* middle) const {
      int32_t leasts[Lanes::kCount], mosts[Lanes::kCount];
      Lanes::store(leasts, least);
      Lanes::store(mosts, most);
      int64_t from = INT32_MIN, to = INT32_MAX;
      for (int32_t lane = 0; lane < Lanes::kCount; ++lane) {
        from = leasts[lane] > from ? leasts[lane] : from;
        to = mosts[lane] < to ? mosts[lane] : to;
      }
      // Only one code is ever reached where a side stays open: the exact kernels serve that.
      if (from > to || from == INT32_MIN || to == INT32_MAX) return false;
      *middle = static_cast<int32_t>(from + (to - from) / 2);
      return true;
    }
  };

  static bool find_constant(const CodesParams& params, Line* line) {
    const bool a_is_wide = Codes<Lanes>::a_is_wide(params);
    const typename Codes<Lanes>::Constants exact = Codes<Lanes>::make_constants(params);
    const Int a_high = Lanes::broadcast(int32_t{line->a_high}), a_low = Lanes::broadcast(int32_t{line->a_low});
    const Int low_bits = Lanes::broadcast(int32_t{kLowBits});
    Interval interval(*line);
    for (int32_t b = INT8_MIN; b <= INT8_MAX; ++b) {
      const Int b_codes = Lanes::broadcast(b), b_high = Lanes::broadcast(b * 256 * line->b_high),
                b_low = Lanes::broadcast(b * 256 * line->b_low);
      for (int32_t first = INT8_MIN; first <= INT8_MAX; first += Lanes::kCount) {
        int32_t a[Lanes::kCount], a256[Lanes::kCount];
        for (int32_t lane = 0; lane < Lanes::kCount; ++lane) {
          a[lane] = first + lane;
          a256[lane] = a[lane] * 256;
        }
        const Int a_codes = Lanes::load(a), scaled = Lanes::load(a256);
        const Int fine = Lanes::shift_right(Lanes::add(Lanes::multiply(scaled, a_low), b_low), low_bits);
        const Int sums = Lanes::add(Lanes::add(Lanes::multiply(scaled, a_high), b_high), fine);
        interval.hold(a_is_wide ? exact.codes(a_codes, b_codes) : exact.codes(b_codes, a_codes), sums);
      }
    }
    return interval.find_middle(&line->constant);
  }

  struct Factors {
    Int high, low, constant;
    Vector clamp_low, clamp_high;
    int32_t shift;

    [[gnu::always_inline]] explicit Factors(const Line& line)
        : high(Lanes::broadcast((int32_t{line.b_high} << 16) | (line.a_high & 0xFFFF))),
          low(Lanes::broadcast((int32_t{line.b_low} << 16) | line.a_low)),
          constant(Lanes::broadcast(line.constant)),
          clamp_low(Bytes::broadcast(line.clamp.low)),
          clamp_high(Bytes::broadcast(line.clamp.high)),
          shift(line.shift) {}

    [[gnu::always_inline]] Vector codes(Vector a, Vector b) const {
      const typename Bytes::Pairs pairs = Bytes::interleave(a, b);
      Int parts[4];
#pragma GCC unroll 4
      for (int part = 0; part < 4; ++part) {
        const Int fine = Bytes::shift_right(Bytes::multiply_pairs(pairs.part[part], low), kLowBits);
        const Int sum = Lanes::add(Lanes::add(Bytes::multiply_pairs(pairs.part[part], high), constant), fine);
        parts[part] = Bytes::shift_right(sum, shift);
      }
      return Bytes::smallest(Bytes::largest(Bytes::pack(parts[0], parts[1], parts[2], parts[3]), clamp_low), clamp_high);
    }
  };

  static void run(const Line& line, int64_t count, const int8_t* a, const int8_t* b, int8_t* output) {
    const Factors factors(line);
    int64_t at = 0;
    for (; at + Bytes::kCount <= count; at += Bytes::kCount)
      Bytes::store(output + at, factors.codes(Bytes::load(a + at), Bytes::load(b + at)));
    if (at == count) return;
    const int64_t rest = count - at;
    Bytes::store_first(output + at, factors.codes(Bytes::load_first(a + at, rest), Bytes::load_first(b + at, rest)), rest);
  }
};

}  // namespace liteqat::kernels::add
