// Tables on vectors of bytes. Shared by the instruction sets; a Bytes type of internal linkage gives the steps.
//
// A shuffle finds one of sixteen entries by the low four bits of codes 0 to 127, and 0 for negative ones. So for codes 0 to 127 the shuffle
// of the first sixteen entries is right in the low bits; sixteen less than the code finds nothing below 16 and else, in the table of
// differences (xor) between the second and the first sixteen, what corrects it; and so on. Codes with the highest bit set saturate there
// and find nothing; the same with that bit flipped serves them.
#pragma once

#include "kernels/lookup/implementations.h"

namespace liteqat::kernels::lookup {

template <typename Bytes>
struct Lookup {
  using Vector = typename Bytes::Vector;

  template <typename Function>
  [[gnu::always_inline]] static void for_codes(int64_t count, const uint8_t* input, uint8_t* output, const Function& function) {
    int64_t at = 0;
    for (; at + Bytes::kCount <= count; at += Bytes::kCount) Bytes::store(output + at, function(Bytes::load(input + at)));
    if (at < count) Bytes::store_first(output + at, function(Bytes::load_first(input + at, count - at)), count - at);
  }

  /// The entry of codes from 0 to 127, 0 for negative ones.
  [[gnu::always_inline]] static Vector half(const Vector (&deltas)[8], Vector codes, Vector sixteen) {
    Vector found = Bytes::look_up(deltas[0], codes);
#pragma GCC unroll 4
    for (int part = 1; part < 7; part += 2) {
      const Vector first = Bytes::subtract_saturating(codes, sixteen);
      codes = Bytes::subtract_saturating(first, sixteen);
      found = Bytes::bit_xor(found, Bytes::look_up(deltas[part], first), Bytes::look_up(deltas[part + 1], codes));
    }
    return Bytes::bit_xor(found, Bytes::look_up(deltas[7], Bytes::subtract_saturating(codes, sixteen)));
  }

  static void run_table(const Map& map, int64_t count, const uint8_t* input, uint8_t* output) {
    Vector lower[8], upper[8];
#pragma GCC unroll 8
    for (int part = 0; part < 8; ++part) {
      lower[part] = Bytes::load_entries(map.deltas.data() + 16 * part);
      upper[part] = Bytes::load_entries(map.deltas.data() + 128 + 16 * part);
    }
    const Vector sixteen = Bytes::broadcast(16), highest_bit = Bytes::broadcast(INT8_MIN);
    for_codes(
        count, input, output, [&](Vector codes) __attribute__((always_inline)) {
          return Bytes::bit_xor(half(lower, codes, sixteen), half(upper, Bytes::bit_xor(codes, highest_bit), sixteen));
        });
  }

  static void run_clamp(const Map& map, int64_t count, const uint8_t* input, uint8_t* output) {
    const Vector input_flip = Bytes::broadcast(map.input_flip), output_flip = Bytes::broadcast(map.output_flip);
    const Vector low = Bytes::broadcast(map.low), high = Bytes::broadcast(map.high);
    for_codes(
        count, input, output, [&](Vector codes) __attribute__((always_inline)) {
          return Bytes::bit_xor(Bytes::smallest(Bytes::largest(Bytes::bit_xor(codes, input_flip), low), high), output_flip);
        });
  }

  static void run(const Map& map, int64_t count, const uint8_t* input, uint8_t* output) {
    map.is_clamp ? run_clamp(map, count, input, output) : run_table(map, count, input, output);
  }
};

}  // namespace liteqat::kernels::lookup
