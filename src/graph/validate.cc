#include <string>
#include <vector>

#include "graph/rules.h"

namespace liteqat::graph {

Status validate(const Graph& graph) {
  LITEQAT_RETURN_IF_ERROR(check_structure(graph));
  LITEQAT_RETURN_IF_ERROR(check_tensors(graph));
  LITEQAT_ASSIGN_OR_RETURN(const std::vector<Shape> shapes, compute_shapes(graph, 0));
  for (size_t op_index = 0; op_index < graph.ops.size(); ++op_index) {
    for (TensorId id : graph.ops[op_index].outputs) {
      const Shape& computed = shapes[static_cast<size_t>(id)];
      if (graph.tensor(id).shape == computed) continue;
      return error(Code::kMismatch, "{}: its output (tensor {} '{}') is stored with shape {}, computed {}", op_text(graph, op_index), id,
                   graph.tensor(id).name, shape_text(graph.tensor(id).shape), shape_text(computed));
    }
  }
  return check_types(graph);
}

}  // namespace liteqat::graph
