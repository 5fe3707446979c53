// What each operator demands of the graph around it; shared by infer_shapes and validate, and not for use outside this folder.
//
// Every function takes a graph as a file left it and fails with a sentence that starts "CONV_2D 'name' (operator 3): ". The later ones
// rely on what the earlier ones have checked: structure, then shapes, then types and quantization.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace liteqat::graph {

/// "CONV_2D 'name' (operator 3)".
std::string op_text(const Graph& graph, size_t op_index);

/// Indices, arity, parameter alternatives, single assignment, execution order, types of index tensors.
Status check_structure(const Graph& graph);

/// Shapes of all tensors, computed from those of inputs and constants. Requires: check_structure passed.
Result<std::vector<Shape>> compute_shapes(const Graph& graph, int32_t batch);

/// Shapes of the outputs of one operator (which need not stand in the graph yet) whose inputs have the shapes given by tensor id, at least
/// as many as it has outputs. Its index inputs must be constant. The message lacks op_text. Requires: inputs and parameters as
/// check_structure demands.
Result<std::vector<Shape>> compute_output_shapes(const Graph& graph, const Op& op, const std::vector<Shape>& known);

/// Extents, payload sizes and quantization parameters of every tensor.
Status check_tensors(const Graph& graph);

/// Element types and the quantization that each operator needs. Requires: check_structure and check_tensors passed.
Status check_types(const Graph& graph);

}  // namespace liteqat::graph
