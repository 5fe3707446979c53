// Shapes of at most six axes for operators that walk them with strides (broadcast, reduction, padding). Plain numbers, validated by the
// caller; shorter shapes get leading extents of 1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace liteqat::kernels {

inline constexpr int32_t kMaxRank = 6;

using Extents = std::array<int32_t, kMaxRank>;
using Strides = std::array<int64_t, kMaxRank>;  // in elements; 0 repeats an axis

/// Calls row(offset in the first, offset in the second operand) for every innermost row of the walk, ascending.
template <typename Row>
void for_rows(const Extents& extents, const Strides& first, const Strides& second, const Row& row) {
  std::array<int32_t, kMaxRank> index{};
  for (;;) {
    int64_t first_offset = 0, second_offset = 0;
    for (std::size_t axis = 0; axis + 1 < kMaxRank; ++axis) {
      first_offset += index[axis] * first[axis];
      second_offset += index[axis] * second[axis];
    }
    row(first_offset, second_offset);
    std::size_t axis = kMaxRank - 1;
    while (axis > 0 && ++index[axis - 1] == extents[axis - 1]) index[--axis] = 0;
    if (axis == 0) return;
  }
}

}  // namespace liteqat::kernels
