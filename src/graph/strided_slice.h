// What STRIDED_SLICE selects: masks, negative positions, ellipsis and new axes resolved to a begin, a step and a count an axis. One
// definition for shapes, for values known before running, and for the runtime. Pure function.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.h"

namespace liteqat::graph {

struct SlicedAxis {
  int32_t input_axis = -1;  // -1: a new axis of extent 1
  int32_t begin = 0, step = 1, count = 1;
  bool kept = true;  // false: selected at one position and dropped from the output's shape
};

struct SliceIndices {
  std::span<const int32_t> begin, end, strides;
};

/// The output's axes in order, dropped ones included. As TFLite's kernel (tflite/kernels/strided_slice.cc), which differs from NumPy where
/// an ellipsis stands for no axis.
/// Fails: kMismatch, kOutOfRange, kUnsupported, the message without the operator: what TFLite refuses or leaves undefined.
Result<std::vector<SlicedAxis>> resolve_strided_slice(const Shape& input, const SliceIndices& indices, const StridedSliceParams& params);

/// The shape that the kept axes have.
Shape sliced_shape(const std::vector<SlicedAxis>& axes);

}  // namespace liteqat::graph
