#include "graph/graph.h"

namespace liteqat::graph {

int64_t count_macs(const Graph& graph, const Op& op) {
  const int64_t outputs = elem_count(graph.tensor(op.outputs[0]).shape);
  switch (op.kind) {
    case OpKind::kConv2D: {
      const Shape& weights = graph.tensor(op.inputs[1]).shape;
      return outputs * weights[1] * weights[2] * weights[3];
    }
    case OpKind::kDepthwiseConv2D: {
      const Shape& weights = graph.tensor(op.inputs[1]).shape;
      return outputs * weights[1] * weights[2];
    }
    case OpKind::kTransposeConv: {  // every input meets every tap; those outside the output are counted too
      const Shape& weights = graph.tensor(op.inputs[1]).shape;
      return elem_count(graph.tensor(op.inputs[2]).shape) * weights[0] * weights[1] * weights[2];
    }
    case OpKind::kFullyConnected:
      return outputs * graph.tensor(op.inputs[1]).shape[1];
    default:
      return 0;
  }
}

int64_t count_macs(const Graph& graph) {
  int64_t total = 0;
  for (const Op& op : graph.ops) total += count_macs(graph, op);
  return total;
}

}  // namespace liteqat::graph
