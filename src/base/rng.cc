#include "base/rng.h"

#include <cmath>
#include <numbers>

#include "base/check.h"

namespace liteqat {
namespace {

constexpr uint64_t kGoldenGamma = 0x9E3779B97F4A7C15u;  // SplitMix64's odd increment, 2^64 / golden ratio

uint64_t finalize(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

}  // namespace

uint64_t mix_seed(uint64_t a, uint64_t b) {
  return finalize(finalize(a + kGoldenGamma) + b * kGoldenGamma);
}

Rng::Rng(uint64_t seed, uint64_t stream) : state_(mix_seed(seed, stream)) {}

uint64_t Rng::next_u64() {
  return finalize(state_ += kGoldenGamma);
}

float Rng::next_float() {
  return static_cast<float>(next_u64() >> 40) * 0x1p-24f;
}

double Rng::next_double() {
  return static_cast<double>(next_u64() >> 11) * 0x1p-53;
}

uint32_t Rng::next_below(uint32_t bound) {
  LITEQAT_CHECK(bound > 0);
  const uint32_t threshold = (0u - bound) % bound;
  while (true) {
    const uint64_t product = (next_u64() >> 32) * bound;
    if (static_cast<uint32_t>(product) >= threshold) return static_cast<uint32_t>(product >> 32);
  }
}

double Rng::next_normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - next_double()));
  return radius * std::cos(2.0 * std::numbers::pi * next_double());
}

}  // namespace liteqat
