#include "graph/shapes/shapes.h"

namespace liteqat::graph::shapes {

Result<Shape> reduction(const OpView& view) {
  const Shape& x = view.input(0);
  const auto rank = static_cast<int32_t>(x.size());
  std::vector<bool> reduced(x.size());
  for (int32_t axis : view.indices(1)) {
    if (axis < -rank || axis >= rank) return error(Code::kOutOfRange, "axis {} is outside an input of shape {}", axis, shape_text(x));
    reduced[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  if (!reduced.empty() && reduced[0]) return error(Code::kUnsupported, "it reduces axis 0, the batch; only the other axes are supported");
  Shape output;
  for (size_t axis = 0; axis < x.size(); ++axis) {
    if (!reduced[axis]) {
      output.push_back(x[axis]);
    } else if (view.op.params_as<ReductionParams>().keep_dims) {
      output.push_back(1);
    }
  }
  return output;
}

}  // namespace liteqat::graph::shapes
