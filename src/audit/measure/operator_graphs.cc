#include "audit/measure/operator_graphs.h"

#include <algorithm>
#include <utility>

#include "audit/measure/twin.h"

namespace liteqat::audit {

std::vector<graph::TensorId> activation_inputs(const graph::Graph& graph, const graph::Op& op) {
  std::vector<graph::TensorId> ids;
  for (const graph::TensorId id : op.inputs) {
    if (id != graph::kNoTensor && !graph.tensor(id).constant()) ids.push_back(id);
  }
  return ids;
}

graph::Graph expose_tensors(const graph::Graph& graph) {
  graph::Graph exposed = graph;
  exposed.outputs.clear();
  const auto expose = [&](graph::TensorId id) {
    const bool given = std::find(graph.inputs.begin(), graph.inputs.end(), id) != graph.inputs.end();
    const bool held = std::find(exposed.outputs.begin(), exposed.outputs.end(), id) != exposed.outputs.end();
    if (!given && !held) exposed.outputs.push_back(id);
  };
  for (const graph::Op& op : graph.ops) {
    for (const graph::TensorId id : activation_inputs(graph, op)) expose(id);
    if (!op.outputs.empty()) expose(op.outputs[0]);
  }
  return exposed;
}

graph::Graph expose_layers(const graph::Graph& graph) {
  graph::Graph exposed = graph;
  exposed.outputs.clear();
  for (const int32_t index : computing_ops(graph)) exposed.outputs.push_back(graph.ops[static_cast<size_t>(index)].outputs[0]);
  return exposed;
}

graph::Graph cut_operators(const graph::Graph& graph) {
  graph::Graph cut = graph;
  cut.inputs.clear(), cut.outputs.clear(), cut.ops.clear();
  for (const int32_t index : computing_ops(graph)) {
    graph::Op op = graph.ops[static_cast<size_t>(index)];
    for (graph::TensorId& id : op.inputs) {
      if (id == graph::kNoTensor || graph.tensor(id).constant()) continue;
      graph::Tensor fresh = graph.tensor(id);
      fresh.name += format(" for operator {}", index);
      id = cut.add_tensor(std::move(fresh));
      cut.inputs.push_back(id);
    }
    cut.outputs.push_back(op.outputs[0]);
    cut.ops.push_back(std::move(op));
  }
  return cut;
}

}  // namespace liteqat::audit
