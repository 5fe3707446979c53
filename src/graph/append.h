// Building a graph operator by operator where it comes from a file; GraphBuilder (graph/builder.h) makes fresh networks.
#pragma once

#include <string>

#include "graph/graph.h"

namespace liteqat::graph {

/// Appends an operator that has no outputs yet and gives it one: a float32 tensor of that name, its shape computed. The operator's index
/// inputs must be constant. Fails: as infer_shapes does, the graph is then unchanged.
Result<TensorId> append_op(Graph& graph, Op op, const std::string& output_name);

}  // namespace liteqat::graph
