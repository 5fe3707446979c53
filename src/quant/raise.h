// From a deployed float graph back to one that trains: the inverse of lower_to_float but for batch norm, which was folded for good.
#pragma once

#include "base/status.h"
#include "graph/graph.h"

namespace liteqat::quant {

/// A training graph that computes the same: fused activations as operators of their own, weights and biases kParameter, constants behind
/// DEQUANTIZE folded, FULLY_CONNECTED on vectors, SQUEEZE and EXPAND_DIMS as RESHAPE. A weighted operator whose weights are "x/kernel" is
/// named "x", else after its output; names are unique. Operators that training does not know are kept: it names them itself. Requires: a
/// valid graph. Fails: kUnsupported with the tensor that holds codes (dequantize_graph first).
Result<graph::Graph> raise_for_training(const graph::Graph& deployed);

}  // namespace liteqat::quant
