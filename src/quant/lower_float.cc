#include <utility>

#include "quant/lower.h"
#include "quant/passes.h"

namespace liteqat::quant {

using graph::Graph;
using graph::Role;

void freeze(Graph& graph) {
  for (graph::Tensor& tensor : graph.tensors) {
    if (tensor.constant()) tensor.role = Role::kConstant;
  }
}

Status fuse_for_deployment(Graph& graph, Multipliers* multipliers) {
  LITEQAT_RETURN_IF_ERROR(graph::validate(graph));
  return fuse_validated(graph, multipliers);
}

Status fuse_validated(Graph& graph, Multipliers* multipliers) {
  LITEQAT_RETURN_IF_ERROR(fold_batch_norms(graph, multipliers));
  fuse_activations(graph);
  fuse_padding(graph);
  return {};
}

Result<Graph> lower_to_float(const Graph& model) {
  LITEQAT_RETURN_IF_ERROR(graph::validate(model));
  Graph lowered = model;
  split_unfoldable_batch_norms(lowered);
  LITEQAT_RETURN_IF_ERROR(fuse_for_deployment(lowered, nullptr));
  remove_unused_tensors(lowered);
  freeze(lowered);
  LITEQAT_RETURN_IF_ERROR(graph::validate(lowered));
  return lowered;
}

}  // namespace liteqat::quant
