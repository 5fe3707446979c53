#include <set>
#include <string>

#include "base/text.h"
#include "graph/graph.h"

namespace liteqat::graph {
namespace {

/// Parameters and statistics that this operator reads and no earlier one did, so that the column adds up to the total.
int64_t own_parameters(const Graph& graph, const Op& op, std::set<TensorId>& counted) {
  int64_t count = 0;
  for (TensorId id : op.inputs) {
    if (id == kNoTensor) continue;
    const Role role = graph.tensor(id).role;
    if ((role == Role::kParameter || role == Role::kStatistic) && counted.insert(id).second) count += elem_count(graph.tensor(id).shape);
  }
  return count;
}

}  // namespace

std::string print(const Graph& graph) {
  std::string text =
      format("{:>4}  {:<18} {:<34} {:<18} {:<8} {:>12} {:>14}\n", "#", "operator", "name", "output", "type", "parameters", "MACs");
  std::set<TensorId> counted;
  for (size_t op_index = 0; op_index < graph.ops.size(); ++op_index) {
    const Op& op = graph.ops[op_index];
    const Tensor& output = graph.tensor(op.outputs[0]);
    text += format("{:>4}  {:<18} {:<34} {:<18} {:<8} {:>12} {:>14}\n", op_index, op_kind_name(op.kind), op.name, shape_text(output.shape),
                   dtype_name(output.type), format_count(own_parameters(graph, op, counted)), format_count(count_macs(graph, op)));
  }
  text += format("{} operators, {} parameters ({} trainable), {} MACs\n", graph.ops.size(), format_count(count_parameters(graph, true)),
                 format_count(count_parameters(graph, false)), format_count(count_macs(graph)));
  return text;
}

}  // namespace liteqat::graph
