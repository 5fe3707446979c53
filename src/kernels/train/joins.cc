#include "kernels/train/joins.h"

#include <algorithm>

namespace liteqat::kernels::train {
namespace {

/// SplitMix64's output function.
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace

void concatenate_forward(const JoinShape& s, const float* x, float* y) {
  for (int64_t row = 0; row < s.rows; ++row) std::copy_n(x + row * s.part_elems, s.part_elems, y + row * s.row_elems);
}

void concatenate_backward(const JoinShape& s, const float* dy, float* dx) {
  for (int64_t row = 0; row < s.rows; ++row) std::copy_n(dy + row * s.row_elems, s.part_elems, dx + row * s.part_elems);
}

void dropout(const DropoutMask& mask, int64_t first, const float* x, float* y, int64_t elems) {
  if (mask.rate == 0) {
    if (x != y) std::copy_n(x, elems, y);
    return;
  }
  const double rate = mask.rate;
  const auto threshold = static_cast<uint64_t>(rate * 4294967296.0);  // 2^32
  const auto scale = static_cast<float>(1.0 / (1.0 - rate));
  for (int64_t i = 0; i < elems; ++i) {
    const auto element = static_cast<uint64_t>(first + i);
    const uint64_t pair = mix(mask.key + (element / 2 + 1) * 0x9e3779b97f4a7c15u);
    const uint64_t drawn = element % 2 == 0 ? pair & 0xffffffffu : pair >> 32;
    y[i] = drawn < threshold ? 0.0f : x[i] * scale;
  }
}

}  // namespace liteqat::kernels::train
