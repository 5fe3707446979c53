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

Result<size_t> checked_axis(int32_t axis, size_t count, const Shape& shape) {
  const auto axes = static_cast<int32_t>(count);
  if (axis < -axes || axis >= axes) return error(Code::kOutOfRange, "axis {} is outside an input of shape {}", axis, shape_text(shape));
  return static_cast<size_t>(axis < 0 ? axis + axes : axis);
}

Result<int32_t> OpView::index(size_t position) const {
  const auto found = indices(position);
  if (found.size() == 1) return found[0];
  return error(Code::kMismatch, "input {} must hold one value, found {}", position, found.size());
}

}  // namespace liteqat::graph::shapes
