// Shapes of the outputs of one operator, from those of its inputs; one file per family beside this one. Not for use outside graph/.
// Messages lack the operator's name. The values of index inputs are known when these functions run.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/known_values.h"

namespace liteqat::graph::shapes {

/// Extents, filters and strides beyond this are refused, so that 32-bit window arithmetic cannot overflow.
inline constexpr int32_t kMaxExtent = 1 << 30;

/// One operator seen with the shapes known so far, by tensor id.
struct OpView {
  const Graph& graph;
  const Op& op;
  const std::vector<Shape>& shapes;
  const KnownValues& values;

  bool has_input(size_t position) const { return position < op.inputs.size() && op.inputs[position] != kNoTensor; }
  const Shape& input(size_t position) const { return shapes[static_cast<size_t>(op.inputs[position])]; }
  /// Values of an index input.
  std::span<const int32_t> indices(size_t position) const { return *values.find(op.inputs[position]); }
  /// The only value of an index input. Fails: kMismatch if it has none or several.
  Result<int32_t> index(size_t position) const;
};

/// Fails: kOutOfRange for a negative extent or more elements than 64 bits count.
Result<int64_t> checked_elems(const Shape& shape);
Status require_rank(const Shape& shape, size_t rank, const char* what);
/// An axis of `count`, counted from the end if negative; `shape` is for the message. Fails: kOutOfRange.
Result<size_t> checked_axis(int32_t axis, size_t count, const Shape& shape);

// windowed.cc
Result<Shape> conv2d(const OpView& view);
Result<Shape> depthwise_conv2d(const OpView& view);
Result<Shape> fully_connected(const OpView& view);
/// Extent 0 is the input's, not the constant's: the operator runs at any batch.
Result<Shape> transpose_conv(const OpView& view);
Result<Shape> pool(const OpView& view);

// elementwise.cc
Result<Shape> batch_norm(const OpView& view);
Result<Shape> broadcast(const OpView& view);
/// As broadcast, but the first input may not be stretched.
Result<Shape> broadcast_to_input(const OpView& view);
Result<Shape> same_as_input(const OpView& view);
/// As same_as_input, for operators along the last axis: the input must have one.
Result<Shape> rows(const OpView& view);

// reduction.cc
Result<Shape> reduction(const OpView& view);
Result<Shape> arg_max(const OpView& view);

// layout.cc
Result<Shape> pad(const OpView& view);
Result<Shape> pad_with_value(const OpView& view);
Result<Shape> mirror_pad(const OpView& view);
Result<Shape> reshape(const OpView& view);
Result<Shape> squeeze(const OpView& view);
Result<Shape> expand_dims(const OpView& view);
Result<Shape> transpose(const OpView& view);
Result<Shape> shape_of(const OpView& view);

// slicing.cc
Result<Shape> concatenation(const OpView& view);
Result<Shape> pack(const OpView& view);
Result<std::vector<Shape>> split(const OpView& view);
Result<Shape> slice(const OpView& view);
Result<Shape> strided_slice(const OpView& view);

// blocks.cc
Result<Shape> depth_to_space(const OpView& view);
Result<Shape> space_to_batch_nd(const OpView& view);
Result<Shape> batch_to_space_nd(const OpView& view);
Result<Shape> resize(const OpView& view);

}  // namespace liteqat::graph::shapes
