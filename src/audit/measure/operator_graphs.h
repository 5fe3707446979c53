// The graphs that the layer study runs: an integer model that shows every tensor it computes, and a float twin whose operators are cut
// apart, so that each can be given the integer model's own inputs and its noise is its own.
#pragma once

#include "graph/graph.h"

namespace liteqat::audit {

/// The graph with every activation that an operator reads or writes as an output, once each, but for the graph's own inputs.
graph::Graph expose_tensors(const graph::Graph& graph);

/// The graph with the output of every computing operator as an output, in order.
graph::Graph expose_layers(const graph::Graph& graph);

/// Activation inputs of an operator, in order.
std::vector<graph::TensorId> activation_inputs(const graph::Graph& graph, const graph::Op& op);

/// Every computing operator by itself: its activation inputs are inputs of the graph (operator by operator, in order), its first output is
/// an output of the graph.
graph::Graph cut_operators(const graph::Graph& graph);

}  // namespace liteqat::audit
