#include <algorithm>

#include "graph/shapes/shapes.h"

namespace liteqat::graph::shapes {

Result<Shape> batch_norm(const OpView& view) {
  const Shape& x = view.input(0);
  if (x.empty()) return error(Code::kMismatch, "the input must have a channel axis, found a scalar");
  constexpr const char* kNames[] = {"x", "gamma", "beta", "moving mean", "moving variance"};
  for (size_t position = 1; position < 5; ++position) {
    if (view.input(position) != Shape{x.back()}) {
      return error(Code::kMismatch, "{} must have shape [{}], found {}", kNames[position], x.back(), shape_text(view.input(position)));
    }
  }
  return x;
}

/// Equal shapes, or extents of 1 stretched, aligned at the last axis.
Result<Shape> broadcast(const OpView& view) {
  const Shape &a = view.input(0), &b = view.input(1);
  Shape output(std::max(a.size(), b.size()));
  for (size_t back = 1; back <= output.size(); ++back) {
    const int32_t a_extent = back <= a.size() ? a[a.size() - back] : 1;
    const int32_t b_extent = back <= b.size() ? b[b.size() - back] : 1;
    if (a_extent != b_extent && a_extent != 1 && b_extent != 1) {
      return error(Code::kMismatch, "shapes {} and {} are neither equal nor broadcastable", shape_text(a), shape_text(b));
    }
    output[output.size() - back] = a_extent == 1 ? b_extent : a_extent;
  }
  return output;
}

Result<Shape> broadcast_to_input(const OpView& view) {
  LITEQAT_ASSIGN_OR_RETURN(Shape output, broadcast(view));
  if (output == view.input(0)) return output;
  return error(Code::kMismatch, "input 1 of shape {} does not broadcast to the input's {}", shape_text(view.input(1)),
               shape_text(view.input(0)));
}

Result<Shape> same_as_input(const OpView& view) {
  return view.input(0);
}

Result<Shape> rows(const OpView& view) {
  if (view.input(0).empty()) return error(Code::kMismatch, "the input must have at least one axis, found a scalar");
  return view.input(0);
}

}  // namespace liteqat::graph::shapes
