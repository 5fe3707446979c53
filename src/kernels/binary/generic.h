// MUL of int8 codes, one lane per element. Shared by the instruction sets; a Lanes type of internal linkage gives the steps.
#pragma once

#include "kernels/binary/implementations.h"
#include "kernels/lanes/requantize.h"

namespace liteqat::kernels::binary {

template <typename Lanes>
struct Product {
  using Int = typename Lanes::Int;

  /// Codes of one operand: neighbours, or one repeated.
  [[gnu::always_inline]] static Int load(const int8_t* from, int64_t step) {
    return step == 0 ? Lanes::broadcast(int32_t{*from}) : Lanes::widen(from);
  }

  static void run(const ProductParams& params, int64_t count, const int8_t* a, int64_t a_step, const int8_t* b, int64_t b_step,
                  int8_t* output) {
    int32_t packed[lanes::ChannelArrays::kArrays * Lanes::kCount];
    const lanes::ChannelArrays arrays(reinterpret_cast<std::byte*>(packed), Lanes::kCount);
    for (int32_t lane = 0; lane < Lanes::kCount; ++lane) arrays.set(lane, 0, params.multiplier);
    const lanes::Requantizer<Lanes> requantizer(params, reinterpret_cast<const std::byte*>(packed), Lanes::kCount);
    const Int a_zero = Lanes::broadcast(params.a_zero_point), b_zero = Lanes::broadcast(params.b_zero_point);
    const auto codes = [&](const int8_t* x, const int8_t* y) __attribute__((always_inline)) {
      return requantizer.codes(Lanes::multiply(Lanes::subtract(load(x, a_step), a_zero), Lanes::subtract(load(y, b_step), b_zero)), 0);
    };
    int64_t at = 0;
    for (; at + Lanes::kCount <= count; at += Lanes::kCount) Lanes::store_narrow(output + at, codes(a + at * a_step, b + at * b_step));
    if (at == count) return;
    int8_t a_rest[Lanes::kCount] = {}, b_rest[Lanes::kCount] = {}, results[Lanes::kCount];
    for (int64_t lane = 0; lane < count - at; ++lane) {
      a_rest[lane] = a[(at + lane) * a_step];
      b_rest[lane] = b[(at + lane) * b_step];
    }
    Lanes::store_narrow(results, codes(a_rest, b_rest));
    __builtin_memcpy(output + at, results, static_cast<size_t>(count - at));
  }
};

}  // namespace liteqat::kernels::binary
