// Hard swish and the places of products and joins in double and plain loops, for tests' own networks. Shares nothing with kernels/.
#pragma once

#include <algorithm>
#include <cstddef>

#include "graph/graph.h"

namespace liteqat::train {

inline double plain_hard_swish(double x) {
  return x * std::clamp(x + 3, 0.0, 6.0) / 6;
}

/// Which element of an operand, whose inner axes of extent 1 are stretched, meets element `at` of the product. Images stand one after the
/// other in both. Requires: equal ranks.
inline size_t stretched_element(const graph::Shape& operand, const graph::Shape& product, size_t at) {
  size_t element = 0, stride = 1;
  for (size_t axis = product.size() - 1; axis > 0; --axis) {
    const auto extent = static_cast<size_t>(product[axis]), own = static_cast<size_t>(operand[axis]);
    if (own > 1) element += at % extent * stride;
    at /= extent, stride *= own;
  }
  return element + at * stride;  // what is left of `at` is the image
}

/// Where element `at` of a part stands in the tensor that joins parts along the last axis, the part's first channel being `first` there.
inline size_t joined_element(const graph::Shape& part, const graph::Shape& joined, size_t first, size_t at) {
  const auto width = static_cast<size_t>(part.back());
  return at / width * static_cast<size_t>(joined.back()) + first + at % width;
}

}  // namespace liteqat::train
