#include "runtime/step.h"

#include <optional>

#include "runtime/arithmetic.h"
#include "runtime/xnnpack_steps.h"

namespace liteqat::runtime {

std::vector<int32_t> OpContext::indices(size_t position) const {
  const std::span<const std::byte> bytes = constants[static_cast<size_t>(op.inputs[position])];
  if (input(position).type != graph::DType::kInt64) {
    const auto* values = reinterpret_cast<const int32_t*>(bytes.data());
    return {values, values + bytes.size() / sizeof(int32_t)};
  }
  std::vector<int32_t> narrowed;
  const auto* values = reinterpret_cast<const int64_t*>(bytes.data());
  for (size_t index = 0; index < bytes.size() / sizeof(int64_t); ++index) narrowed.push_back(static_cast<int32_t>(values[index]));
  return narrowed;
}

namespace {

/// Operators that move, reduce or resize.
Result<Step> make_moving_step(const OpContext& context) {
  using graph::OpKind;
  switch (context.op.kind) {
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
      return make_pool_step(context);
    case OpKind::kMean:
      return make_mean_step(context);
    case OpKind::kSum:
      return make_sum_step(context);
    case OpKind::kReduceMax:
      return make_reduce_max_step(context);
    case OpKind::kArgMax:
      return make_arg_max_step(context);
    case OpKind::kPad:
      return make_pad_step(context);
    case OpKind::kPadV2:
    case OpKind::kMirrorPad:
    case OpKind::kTranspose:
    case OpKind::kConcatenation:
    case OpKind::kPack:
    case OpKind::kSplit:
    case OpKind::kSlice:
    case OpKind::kStridedSlice:
    case OpKind::kDepthToSpace:
    case OpKind::kSpaceToBatchNd:
    case OpKind::kBatchToSpaceNd:
    case OpKind::kResizeNearestNeighbor:
      return make_move_step(context);
    case OpKind::kShape:
      return make_shape_step(context);
    case OpKind::kResizeBilinear:
      return make_resize_bilinear_step(context);
    case OpKind::kReshape:
    case OpKind::kSqueeze:
    case OpKind::kExpandDims:
      return Step{.kernel = "reshape_in_place", .in_place = true, .run = [](const StepBuffers&, kernels::Range) {}};
    default:
      return context.fail(Code::kUnsupported, "the runtime has no kernel for it");
  }
}

}  // namespace

Result<Step> make_step(const OpContext& context) {
  using graph::OpKind;
  if (uses_xnnpack(context.options.profile)) {
    LITEQAT_ASSIGN_OR_RETURN(std::optional<Step> step, make_xnnpack_step(context));
    if (step) return std::move(*step);
  }
  switch (context.op.kind) {
    case OpKind::kConv2D:
      return make_conv2d_step(context);
    case OpKind::kDepthwiseConv2D:
      return make_depthwise_conv2d_step(context);
    case OpKind::kFullyConnected:
      return make_fully_connected_step(context);
    case OpKind::kTransposeConv:
      return make_transpose_conv_step(context);
    case OpKind::kAdd:
    case OpKind::kSub:
      return make_add_step(context);
    case OpKind::kMul:
      return make_mul_step(context);
    case OpKind::kMaximum:
    case OpKind::kMinimum:
      return make_extremum_step(context);
    case OpKind::kPrelu:
      return make_prelu_step(context);
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kReluN1To1:
      return make_clamp_step(context);
    case OpKind::kLeakyRelu:
      return make_leaky_relu_step(context);
    case OpKind::kElu:
      return make_elu_step(context);
    case OpKind::kHardSwish:
      return make_hard_swish_step(context);
    case OpKind::kLogistic:
      return make_logistic_step(context);
    case OpKind::kTanh:
      return make_tanh_step(context);
    case OpKind::kSoftmax:
      return make_softmax_step(context);
    case OpKind::kLogSoftmax:
      return make_log_softmax_step(context);
    case OpKind::kL2Normalization:
      return make_l2_normalization_step(context);
    case OpKind::kQuantize:
      return make_quantize_step(context);
    case OpKind::kDequantize:
      return make_dequantize_step(context);
    case OpKind::kCast:
      return make_cast_step(context);
    case OpKind::kBatchNorm:
      return context.fail(Code::kUnsupported, "batch norm does not run by itself: fold it into its convolution first");
    default:
      return make_moving_step(context);
  }
}

}  // namespace liteqat::runtime
