#include "runtime/step.h"

namespace liteqat::runtime {

Result<Step> make_step(const OpContext& context) {
  using graph::OpKind;
  switch (context.op.kind) {
    case OpKind::kConv2D:
      return make_conv2d_step(context);
    case OpKind::kDepthwiseConv2D:
      return make_depthwise_conv2d_step(context);
    case OpKind::kFullyConnected:
      return make_fully_connected_step(context);
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
      return make_pool_step(context);
    case OpKind::kMean:
      return make_mean_step(context);
    case OpKind::kSoftmax:
      return make_softmax_step(context);
    case OpKind::kPad:
      return make_pad_step(context);
    case OpKind::kAdd:
      return make_add_step(context);
    case OpKind::kRelu:
    case OpKind::kRelu6:
      return make_activation_step(context);
    case OpKind::kQuantize:
      return make_quantize_step(context);
    case OpKind::kDequantize:
      return make_dequantize_step(context);
    case OpKind::kReshape:
      return Step{.kernel = "reshape_in_place", .in_place = true, .run = [](const StepBuffers&, kernels::Range) {}};
    case OpKind::kBatchNorm:
      return context.fail(Code::kUnsupported, "batch norm does not run by itself: fold it into its convolution first");
    default:
      return context.fail(Code::kUnsupported, "the runtime has no kernel for it");
  }
}

}  // namespace liteqat::runtime
