#include "graph/shapes/shapes.h"

namespace liteqat::graph::shapes {

Result<Shape> reduction(const OpView& view) {
  const Shape& x = view.input(0);
  std::vector<bool> reduced(x.size());
  const auto axes = view.indices(1);
  for (int32_t wanted : axes) {
    if (x.empty()) break;  // TFLite ignores the axes of a scalar
    LITEQAT_ASSIGN_OR_RETURN(const size_t axis, checked_axis(wanted, x.size(), x));
    reduced[axis] = true;
  }
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

Result<Shape> arg_max(const OpView& view) {
  Shape output = view.input(0);
  LITEQAT_ASSIGN_OR_RETURN(const int32_t wanted, view.index(1));
  LITEQAT_ASSIGN_OR_RETURN(const size_t axis, checked_axis(wanted, output.size(), output));
  output.erase(output.begin() + static_cast<std::ptrdiff_t>(axis));
  return output;
}

}  // namespace liteqat::graph::shapes
