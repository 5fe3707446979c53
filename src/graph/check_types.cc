#include "graph/accumulators.h"
#include "graph/rules.h"
#include "graph/types/types.h"

namespace liteqat::graph {
namespace {

/// Operators that move, reduce or resize.
Status check_moving_op(const types::OpView& view) {
  switch (view.op.kind) {
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
      return types::check_pool(view);
    case OpKind::kMean:
    case OpKind::kSum:
    case OpKind::kReduceMax:
      return types::check_reduction(view);
    case OpKind::kArgMax:
      return types::check_arg_max(view);
    case OpKind::kShape:
      return types::check_shape(view);
    case OpKind::kPad:
    case OpKind::kPadV2:
    case OpKind::kMirrorPad:
    case OpKind::kReshape:
    case OpKind::kSqueeze:
    case OpKind::kExpandDims:
    case OpKind::kTranspose:
    case OpKind::kConcatenation:
    case OpKind::kPack:
    case OpKind::kSplit:
    case OpKind::kSlice:
    case OpKind::kStridedSlice:
    case OpKind::kDepthToSpace:
    case OpKind::kSpaceToBatchNd:
    case OpKind::kBatchToSpaceNd:
    case OpKind::kResizeBilinear:
    case OpKind::kResizeNearestNeighbor:
      return types::check_moved(view);
    default:
      return error(Code::kUnsupported, "{}: this operator is not implemented", view.where);
  }
}

Status check_op_types(const types::OpView& view) {
  switch (view.op.kind) {
    case OpKind::kConv2D:
    case OpKind::kDepthwiseConv2D:
    case OpKind::kFullyConnected:
    case OpKind::kTransposeConv:
      LITEQAT_RETURN_IF_ERROR(types::check_weighted(view));
      return types::check_bias_scale(view);
    case OpKind::kBatchNorm:
      return types::check_batch_norm(view);
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kMaximum:
    case OpKind::kMinimum:
      return types::check_binary(view);
    case OpKind::kPrelu:
      return types::check_prelu(view);
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kReluN1To1:
    case OpKind::kLeakyRelu:
    case OpKind::kElu:
    case OpKind::kHardSwish:
    case OpKind::kLogistic:
    case OpKind::kTanh:
    case OpKind::kSoftmax:
    case OpKind::kLogSoftmax:
    case OpKind::kL2Normalization:
      return types::check_unary(view);
    case OpKind::kQuantize:
      return types::check_quantize(view);
    case OpKind::kDequantize:
      return types::check_dequantize(view);
    case OpKind::kCast:
      return {};
    default:
      return check_moving_op(view);
  }
}

bool has_weights(OpKind kind) {
  return kind == OpKind::kConv2D || kind == OpKind::kDepthwiseConv2D || kind == OpKind::kFullyConnected || kind == OpKind::kTransposeConv;
}

}  // namespace

Status check_accumulators(const Graph& graph) {
  for (size_t op_index = 0; op_index < graph.ops.size(); ++op_index) {
    if (!has_weights(graph.ops[op_index].kind)) continue;
    LITEQAT_RETURN_IF_ERROR(types::check_accumulators({graph, graph.ops[op_index], op_text(graph, op_index)}));
  }
  return {};
}

Status check_types(const Graph& graph) {
  for (size_t op_index = 0; op_index < graph.ops.size(); ++op_index) {
    LITEQAT_RETURN_IF_ERROR(check_op_types({graph, graph.ops[op_index], op_text(graph, op_index)}));
  }
  return {};
}

}  // namespace liteqat::graph
