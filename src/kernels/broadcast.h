// Units of elementwise kernels, and the walk of two operands whose extents of 1 are stretched. Plain numbers, validated by the caller.
#pragma once

#include <algorithm>

#include "kernels/extents.h"
#include "kernels/kernel.h"

namespace liteqat::kernels {

/// A unit of an elementwise kernel: this many elements of the output, in order. Kernels take the range of elements.
inline constexpr int64_t kElemsPerUnit = 4096;
constexpr int64_t element_units(int64_t count) {
  return (count + kElemsPerUnit - 1) / kElemsPerUnit;
}
constexpr Range elements_of(Range units, int64_t count) {
  return {units.begin * kElemsPerUnit, std::min(units.end * kElemsPerUnit, count)};
}

/// The output's extents, and how each operand steps along them.
struct Broadcast {
  Extents extents{};
  Strides a{}, b{};
};

/// Calls stretch(a offset, b offset, output offset, count) for stretches of the innermost axis that together are the output elements of the
/// range, ascending. Along a stretch the operands step as broadcast.a and .b say of that axis.
template <typename Stretch>
void for_stretches(const Broadcast& broadcast, Range elems, const Stretch& stretch) {
  if (elems.begin >= elems.end) return;
  constexpr std::size_t kInner = kMaxRank - 1;
  std::array<int32_t, kMaxRank> index{};
  int64_t rest = elems.begin, a = 0, b = 0;
  for (std::size_t axis = kMaxRank; axis-- > 0; rest /= broadcast.extents[axis]) {
    index[axis] = static_cast<int32_t>(rest % broadcast.extents[axis]);
    a += index[axis] * broadcast.a[axis];
    b += index[axis] * broadcast.b[axis];
  }
  const int64_t a_step = broadcast.a[kInner], b_step = broadcast.b[kInner];
  for (int64_t output = elems.begin; output < elems.end;) {
    const int64_t run = std::min<int64_t>(broadcast.extents[kInner] - index[kInner], elems.end - output);
    stretch(a, b, output, run);
    output += run;
    a -= index[kInner] * a_step;
    b -= index[kInner] * b_step;
    index[kInner] = 0;
    for (std::size_t axis = kInner; axis-- > 0;) {
      a += broadcast.a[axis];
      b += broadcast.b[axis];
      if (++index[axis] < broadcast.extents[axis]) break;
      a -= index[axis] * broadcast.a[axis];
      b -= index[axis] * broadcast.b[axis];
      index[axis] = 0;
    }
  }
}

/// Calls pair(a offset, b offset, output offset) for the output elements of the range, ascending.
template <typename Pair>
void for_pairs(const Broadcast& broadcast, Range elems, const Pair& pair) {
  const int64_t a_step = broadcast.a[kMaxRank - 1], b_step = broadcast.b[kMaxRank - 1];
  for_stretches(broadcast, elems, [&](int64_t a, int64_t b, int64_t output, int64_t count) {
    for (int64_t column = 0; column < count; ++column) pair(a + column * a_step, b + column * b_step, output + column);
  });
}

}  // namespace liteqat::kernels
