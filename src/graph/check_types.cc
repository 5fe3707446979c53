#include "graph/rules.h"
#include "graph/types/types.h"

namespace liteqat::graph {
namespace {

Status check_op_types(const types::OpView& view) {
  switch (view.op.kind) {
    case OpKind::kConv2D:
    case OpKind::kDepthwiseConv2D:
    case OpKind::kFullyConnected:
      return types::check_weighted(view);
    case OpKind::kBatchNorm:
      return types::check_batch_norm(view);
    case OpKind::kAdd:
      return types::check_uniform(view, 2);
    case OpKind::kQuantize:
      return types::check_quantize(view);
    case OpKind::kDequantize:
      return types::check_dequantize(view);
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kSoftmax:
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
    case OpKind::kMean:
    case OpKind::kPad:
    case OpKind::kReshape:
      return types::check_uniform(view, 1);
    default:
      return error(Code::kUnsupported, "{}: this operator is not implemented", view.where);
  }
}

}  // namespace

Status check_types(const Graph& graph) {
  for (size_t op_index = 0; op_index < graph.ops.size(); ++op_index) {
    LITEQAT_RETURN_IF_ERROR(check_op_types({graph, graph.ops[op_index], op_text(graph, op_index)}));
  }
  return {};
}

}  // namespace liteqat::graph
