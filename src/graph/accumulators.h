// Whether integer sums fit. What a file brings is held to it when it is read; a graph that we lower ourselves is not: TensorFlow saturates
// biases that do not fit, and so does quant (docs/tflite_subset.md).
#pragma once

#include "graph/graph.h"

namespace liteqat::graph {

/// Every sum of products and bias of an integer operator with constant weights stays inside its accumulator, whatever the input.
/// Requires: a validated graph. Fails: kOutOfRange, naming operator and channel.
Status check_accumulators(const Graph& graph);

}  // namespace liteqat::graph
