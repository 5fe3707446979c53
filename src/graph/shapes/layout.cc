#include <algorithm>
#include <optional>

#include "base/checked.h"
#include "graph/shapes/shapes.h"

namespace liteqat::graph::shapes {

Result<Shape> pad(const OpView& view) {
  const Shape& x = view.input(0);
  if (view.input(1) != Shape{static_cast<int32_t>(x.size()), 2}) {
    return error(Code::kMismatch, "paddings must have shape [{},2], found {}", x.size(), shape_text(view.input(1)));
  }
  const auto paddings = view.indices(1);
  Shape output = x;
  for (size_t axis = 0; axis < x.size(); ++axis) {
    const int64_t before = paddings[2 * axis], after = paddings[2 * axis + 1];
    if (before < 0 || after < 0 || before > kMaxExtent || after > kMaxExtent || x[axis] > kMaxExtent - before - after) {
      return error(Code::kOutOfRange, "paddings {} and {} of axis {} of an input {} must not be negative nor the sum exceed 2^30", before,
                   after, axis, shape_text(x));
    }
    if (axis == 0 && before + after > 0) return error(Code::kUnsupported, "it pads axis 0, the batch; only the other axes are supported");
    output[axis] = static_cast<int32_t>(x[axis] + before + after);
  }
  return output;
}

/// A stored batch extent of 1 follows the batch: [1,2028] means [N,2028] for an input of N images.
Result<Shape> reshape(const OpView& view) {
  const Shape& x = view.input(0);
  LITEQAT_ASSIGN_OR_RETURN(const int64_t elems, checked_elems(x));
  Shape output(view.indices(1).begin(), view.indices(1).end());
  const auto inferred = std::ranges::count(output, -1);
  const bool follows_batch = !output.empty() && output[0] == 1 && !x.empty() && x[0] > 1;
  int64_t known = 1;
  for (int32_t extent : output) {
    if (extent == -1) continue;
    const auto product = extent < 0 ? std::nullopt : checked_mul(known, extent);
    if (!product) return error(Code::kOutOfRange, "new shape {} has a negative extent or too many elements", shape_text(output));
    known = *product;
  }
  if (follows_batch && (inferred == 1 || known != elems)) {
    const auto product = checked_mul(known, x[0]);
    if (!product) return error(Code::kOutOfRange, "new shape {} has too many elements", shape_text(output));
    output[0] = x[0];
    known = *product;
  }
  const bool fits = inferred == 0 ? known == elems : inferred == 1 && known > 0 && elems % known == 0;
  if (!fits || (inferred == 1 && elems / known > kMaxExtent)) {
    return error(Code::kMismatch, "an input {} of {} elements cannot take the new shape {}", shape_text(x), elems,
                 shape_text({view.indices(1).begin(), view.indices(1).end()}));
  }
  if (inferred == 1) *std::ranges::find(output, -1) = static_cast<int32_t>(elems / known);
  return output;
}

}  // namespace liteqat::graph::shapes
