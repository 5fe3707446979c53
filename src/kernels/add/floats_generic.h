// ADD of float32, one lane per element. Shared by the instruction sets; a Lanes type of internal linkage gives the steps.
#pragma once

#include "kernels/add/implementations.h"

namespace liteqat::kernels::add {

template <typename Lanes>
struct Floats {
  using Float = typename Lanes::Float;

  static void run(numeric::FloatClamp clamp, int64_t count, const float* a, const float* b, float* output) {
    const Float low = Lanes::broadcast(clamp.low), high = Lanes::broadcast(clamp.high);
    int64_t at = 0;
    for (; at + Lanes::kCount <= count; at += Lanes::kCount)
      Lanes::store(output + at, Lanes::clamp(Lanes::add(Lanes::load(a + at), Lanes::load(b + at)), low, high));
    if (at == count) return;
    float last_a[Lanes::kCount] = {}, last_b[Lanes::kCount] = {};
    for (int64_t lane = 0; lane < count - at; ++lane) {
      last_a[lane] = a[at + lane];
      last_b[lane] = b[at + lane];
    }
    Lanes::store_first(output + at, Lanes::clamp(Lanes::add(Lanes::load(last_a), Lanes::load(last_b)), low, high), count - at);
  }
};

}  // namespace liteqat::kernels::add
