// XNNPACK's ADD of int8 codes, one lane per element. Shared by the instruction sets; a Lanes type of internal linkage gives the steps.
#pragma once

#include "kernels/xnnpack/implementations.h"

namespace liteqat::kernels::xnnpack {

template <typename Lanes>
struct Add {
  using Int = typename Lanes::Int;

  static void run(const AddParams& params, int64_t count, const int8_t* a, const int8_t* b, int8_t* output) {
    const Int bias = Lanes::broadcast(params.bias), shift = Lanes::broadcast(params.shift);
    const Int a_multiplier = Lanes::broadcast(params.a_multiplier), b_multiplier = Lanes::broadcast(params.b_multiplier);
    const Int zero_point = Lanes::broadcast(params.output_zero_point);
    const Int low = Lanes::broadcast(params.clamp.low), high = Lanes::broadcast(params.clamp.high);
    const auto add_vector = [&](const int8_t* x, const int8_t* y, int8_t* to) __attribute__((always_inline)) {
      const Int part = Lanes::add(bias, Lanes::multiply(Lanes::widen(x), a_multiplier));
      const Int sum = Lanes::add(part, Lanes::multiply(Lanes::widen(y), b_multiplier));
      Lanes::store_narrow(to, Lanes::clamp(Lanes::add(Lanes::shift_right(sum, shift), zero_point), low, high));
    };
    int64_t at = 0;
#pragma GCC unroll 4
    for (; at + Lanes::kCount <= count; at += Lanes::kCount) add_vector(a + at, b + at, output + at);
    if (at == count) return;
    int8_t a_rest[Lanes::kCount] = {}, b_rest[Lanes::kCount] = {}, results[Lanes::kCount];
    const auto rest = static_cast<size_t>(count - at);
    __builtin_memcpy(a_rest, a + at, rest);
    __builtin_memcpy(b_rest, b + at, rest);
    add_vector(a_rest, b_rest, results);
    __builtin_memcpy(output + at, results, rest);
  }
};

}  // namespace liteqat::kernels::xnnpack
