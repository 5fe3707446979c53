#include "graph/shapes/shapes.h"

#include "base/checked.h"

namespace liteqat::graph::shapes {

Result<int64_t> checked_elems(const Shape& shape) {
  const auto count = checked_product(std::span<const int32_t>(shape));
  if (!count) return error(Code::kOutOfRange, "shape {} has a negative extent or too many elements", shape_text(shape));
  return *count;
}

Status require_rank(const Shape& shape, size_t rank, const char* what) {
  if (shape.size() == rank) return {};
  return error(Code::kMismatch, "{} must have {} extents, found {}", what, rank, shape_text(shape));
}

}  // namespace liteqat::graph::shapes
