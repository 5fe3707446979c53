#include <algorithm>

#include "graph/shapes/shapes.h"
#include "graph/strided_slice.h"

namespace liteqat::graph::shapes {

Result<Shape> concatenation(const OpView& view) {
  Shape output = view.input(0);
  LITEQAT_ASSIGN_OR_RETURN(const size_t axis, checked_axis(view.op.params_as<AxisParams>().axis, output.size(), output));
  for (size_t position = 1; position < view.op.inputs.size(); ++position) {
    Shape part = view.input(position);
    const int64_t total = part.size() == output.size() ? int64_t{output[axis]} + part[axis] : 0;
    if (part.size() == output.size()) part[axis] = output[axis];
    if (part != output || total > kMaxExtent) {
      return error(Code::kMismatch, "input {} of shape {} cannot follow one of shape {} along axis {}", position,
                   shape_text(view.input(position)), shape_text(view.input(0)), axis);
    }
    output[axis] = static_cast<int32_t>(total);
  }
  return output;
}

Result<Shape> pack(const OpView& view) {
  Shape output = view.input(0);
  for (size_t position = 1; position < view.op.inputs.size(); ++position) {
    if (view.input(position) == output) continue;
    return error(Code::kMismatch, "input {} has shape {}, the first one {}", position, shape_text(view.input(position)),
                 shape_text(output));
  }
  LITEQAT_ASSIGN_OR_RETURN(const size_t axis, checked_axis(view.op.params_as<AxisParams>().axis, output.size() + 1, output));
  output.insert(output.begin() + static_cast<std::ptrdiff_t>(axis), static_cast<int32_t>(view.op.inputs.size()));
  return output;
}

Result<std::vector<Shape>> split(const OpView& view) {
  Shape part = view.input(1);
  const int32_t parts = view.op.params_as<SplitParams>().parts;
  LITEQAT_ASSIGN_OR_RETURN(const int32_t wanted, view.index(0));
  LITEQAT_ASSIGN_OR_RETURN(const size_t axis, checked_axis(wanted, part.size(), part));
  if (parts < 1 || static_cast<size_t>(parts) != view.op.outputs.size() || part[axis] % parts != 0) {
    return error(Code::kMismatch, "it has {} outputs and splits axis {} of an input {} into {} equal parts", view.op.outputs.size(), axis,
                 shape_text(part), parts);
  }
  part[axis] /= parts;
  return std::vector<Shape>(view.op.outputs.size(), part);
}

Result<Shape> slice(const OpView& view) {
  const Shape& x = view.input(0);
  const auto begin = view.indices(1);
  const auto size = view.indices(2);
  if (begin.size() != x.size() || size.size() != x.size()) {
    return error(Code::kMismatch, "begin and size must have {} values for an input {}, found {} and {}", x.size(), shape_text(x),
                 begin.size(), size.size());
  }
  Shape output;
  for (size_t axis = 0; axis < x.size(); ++axis) {
    const int64_t count = size[axis] == -1 ? int64_t{x[axis]} - begin[axis] : size[axis];
    if (begin[axis] < 0 || count < 0 || begin[axis] + count > x[axis]) {
      return error(Code::kOutOfRange, "begin {} and size {} of axis {} reach outside an input {}", begin[axis], size[axis], axis,
                   shape_text(x));
    }
    output.push_back(static_cast<int32_t>(count));
  }
  return output;
}

Result<Shape> strided_slice(const OpView& view) {
  const auto begin = view.indices(1);
  const auto end = view.indices(2);
  const auto strides = view.indices(3);
  LITEQAT_ASSIGN_OR_RETURN(const auto axes,
                           resolve_strided_slice(view.input(0), {begin, end, strides}, view.op.params_as<StridedSliceParams>()));
  return sliced_shape(axes);
}

}  // namespace liteqat::graph::shapes
