// Pseudo-random numbers that are a pure function of (seed, stream): the same on every machine, compiler and thread count.
//
// SplitMix64 (Steele, Lea, Flood 2014) as a counter-based generator; not for cryptography. Streams separate uses (data order,
// initial weights of tensor k, augmentation of image i in epoch e) so that none depends on how many numbers another one drew.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

namespace liteqat {

class Rng {
 public:
  explicit Rng(uint64_t seed, uint64_t stream = 0);

  uint64_t next_u64();
  /// Uniform in [0, 1), 24 bits.
  float next_float();
  /// Uniform in [0, 1), 53 bits.
  double next_double();
  /// Uniform in [0, bound). Requires: bound > 0. Unbiased (Lemire 2019).
  uint32_t next_below(uint32_t bound);
  /// Standard normal (Box-Muller).
  double next_normal();

  /// Fisher-Yates.
  template <typename T>
  void shuffle(std::span<T> items) {
    for (size_t remaining = items.size(); remaining > 1; --remaining) {
      std::swap(items[remaining - 1], items[next_below(static_cast<uint32_t>(remaining))]);
    }
  }

 private:
  uint64_t state_;
};

/// One 64-bit value from two, for deriving seeds and streams.
uint64_t mix_seed(uint64_t a, uint64_t b);

}  // namespace liteqat
