// Short vectors as the compiler's own type, so that one skeleton serves every instruction set without intrinsics. Internal linkage: a
// copy compiled for one set must not be shared with files compiled for another.
#pragma once

#include <cstdint>

namespace liteqat::kernels::train {
namespace {

template <int kLanes>
struct VectorOf;
template <>
struct VectorOf<1> {
  using Float = float;
};
template <>
struct VectorOf<4> {
  using Float [[gnu::vector_size(16)]] = float;
};
template <>
struct VectorOf<8> {
  using Float [[gnu::vector_size(32)]] = float;
};
template <>
struct VectorOf<16> {
  using Float [[gnu::vector_size(64)]] = float;
};

template <int kLanes>
using Float = typename VectorOf<kLanes>::Float;

template <int kLanes>
[[gnu::always_inline]] inline Float<kLanes> load(const float* from) {
  Float<kLanes> value;
  __builtin_memcpy(&value, from, sizeof(value));
  return value;
}

template <int kLanes>
[[gnu::always_inline]] inline void store(float* to, Float<kLanes> value) {
  __builtin_memcpy(to, &value, sizeof(value));
}

/// value in every lane. A vector of zeros less is value itself, which the compiler knows; a vector of zeros more is not, because of -0: it
/// would be an addition for every broadcast, and halve the matrix products where additions share their ports with products.
template <int kLanes>
[[gnu::always_inline]] inline Float<kLanes> broadcast(float value) {
  return value - Float<kLanes>{};
}

}  // namespace
}  // namespace liteqat::kernels::train
