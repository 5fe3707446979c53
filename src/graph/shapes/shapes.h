// Shapes of the outputs of one operator, from those of its inputs; one file per family beside this one. Not for use outside graph/.
// Messages lack the operator's name. Index inputs have been checked to be int32 constants whose payload fits their shape.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace liteqat::graph::shapes {

/// Extents, filters and strides beyond this are refused, so that 32-bit window arithmetic cannot overflow.
inline constexpr int32_t kMaxExtent = 1 << 30;

/// One operator seen with the shapes known so far, by tensor id.
struct OpView {
  const Graph& graph;
  const Op& op;
  const std::vector<Shape>& shapes;

  bool has_input(size_t position) const { return position < op.inputs.size() && op.inputs[position] != kNoTensor; }
  const Shape& input(size_t position) const { return shapes[static_cast<size_t>(op.inputs[position])]; }
  /// Values of an index input.
  std::span<const int32_t> indices(size_t position) const { return graph.tensor(op.inputs[position]).as<int32_t>(); }
};

/// Fails: kOutOfRange for a negative extent or more elements than 64 bits count.
Result<int64_t> checked_elems(const Shape& shape);
Status require_rank(const Shape& shape, size_t rank, const char* what);

// windowed.cc
Result<Shape> conv2d(const OpView& view);
Result<Shape> depthwise_conv2d(const OpView& view);
Result<Shape> fully_connected(const OpView& view);
Result<Shape> pool(const OpView& view);

// elementwise.cc
Result<Shape> batch_norm(const OpView& view);
Result<Shape> broadcast(const OpView& view);
Result<Shape> same_as_input(const OpView& view);
/// As same_as_input, for operators along the last axis: the input must have one.
Result<Shape> rows(const OpView& view);

// reduction.cc
Result<Shape> reduction(const OpView& view);

// layout.cc
Result<Shape> pad(const OpView& view);
Result<Shape> reshape(const OpView& view);

}  // namespace liteqat::graph::shapes
