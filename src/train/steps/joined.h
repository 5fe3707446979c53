// From MUL and CONCATENATION of any graph to the shapes that kernels/train take; for the float steps and those on integers.
#pragma once

#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "kernels/train/gates.h"
#include "kernels/train/joins.h"

namespace liteqat::train {

/// Fails: kUnsupported for a constant operand, more than four axes, or an operand without the product's batch axis.
Result<kernels::train::ProductShape> product_shape(const graph::Graph& model, const graph::Op& multiply);

/// Where an input of a CONCATENATION stands in its output.
struct JoinedPart {
  int64_t image_rows = 0, part_elems = 0, row_elems = 0;  // kernels::train::JoinShape, rows of one image
  int64_t offset = 0;                                     // elements in front of it in a row
  kernels::train::JoinShape shape(int32_t images) const { return {image_rows * images, part_elems, row_elems}; }
};
/// By input. Fails: kUnsupported for a constant input and along the batch axis.
Result<std::vector<JoinedPart>> joined_parts(const graph::Graph& model, const graph::Op& concatenation);

}  // namespace liteqat::train
