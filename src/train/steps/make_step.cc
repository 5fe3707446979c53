#include "train/steps/make_step.h"

#include "train/steps/steps.h"

namespace liteqat::train {

using graph::OpKind;

namespace {

Status check_op(const graph::Graph& model, const graph::Op& op) {
  for (graph::TensorId id : op.inputs) {
    if (id == graph::kNoTensor) continue;
    const graph::Tensor& tensor = model.tensor(id);
    if (tensor.type != graph::DType::kFloat32 && tensor.role != graph::Role::kConstant) {
      return error(Code::kUnsupported, "tensor '{}' is {}, training needs float32", tensor.name, graph::dtype_name(tensor.type));
    }
  }
  if (graph::fused_activation(op) != graph::Activation::kNone) {
    return error(Code::kUnsupported, "a fused activation cannot be trained; training graphs have activations as operators of their own");
  }
  return {};
}

StepResult make_by_kind(Workplace& place, int32_t op) {
  switch (place.model.ops[static_cast<size_t>(op)].kind) {
    case OpKind::kConv2D:
    case OpKind::kDepthwiseConv2D:
    case OpKind::kFullyConnected:
      return make_linear_step(place, op);
    case OpKind::kBatchNorm:
      return make_batch_norm_step(place, op);
    case OpKind::kRelu:
    case OpKind::kRelu6:
      return make_relu_step(place, op);
    case OpKind::kSoftmax:
      return make_softmax_step(place, op);
    case OpKind::kAdd:
      return make_add_step(place, op);
    case OpKind::kMaxPool2D:
      return make_max_pool_step(place, op);
    case OpKind::kAveragePool2D:
      return make_average_pool_step(place, op);
    case OpKind::kMean:
      return make_mean_step(place, op);
    case OpKind::kPad:
      return make_pad_step(place, op);
    case OpKind::kReshape:
      return make_reshape_step(place, op);
    case OpKind::kHardSwish:
      return make_hard_swish_step(place, op);
    case OpKind::kLogistic:
      return make_logistic_step(place, op);
    case OpKind::kMul:
      return make_multiply_step(place, op);
    case OpKind::kConcatenation:
      return make_concatenate_step(place, op);
    default:
      return error(Code::kUnsupported, "this operator cannot be trained");
  }
}

}  // namespace

std::string describe_op(const graph::Graph& model, int32_t op) {
  const graph::Op& described = model.ops[static_cast<size_t>(op)];
  return format("{} {} (operator {})", graph::op_kind_name(described.kind), described.name, op);
}

StepResult make_step(Workplace& place, int32_t op) {
  const Status status = check_op(place.model, place.model.ops[static_cast<size_t>(op)]);
  if (!status.ok()) return status.with_context(describe_op(place.model, op));
  StepResult step = make_by_kind(place, op);
  if (!step.ok()) return step.status().with_context(describe_op(place.model, op));
  return step;
}

}  // namespace liteqat::train
