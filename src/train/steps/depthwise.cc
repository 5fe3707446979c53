#include "kernels/train/depthwise/depthwise.h"

#include "train/steps/linear_operator.h"
#include "train/steps/weights.h"
#include "train/steps/window.h"

namespace liteqat::train {
namespace {

class Depthwise final : public LinearOperator {
 public:
  Depthwise(const kernels::train::DepthwiseKernels& kernels, const kernels::train::DepthwiseShape& shape, OperatorWeights weights)
      : kernels_(kernels), shape_(shape), weights_(std::move(weights)) {}

  void prepare(Mode mode) override { weights_.prepare(mode); }

  void forward(int, int32_t n, const float* x, float* y, const Ahead&) override {
    kernels_.forward(shape_, n, x, weights_.weights(), weights_.bias(), y);
  }

  void backward_weights(const Part& part, const float* x, const float* dy, const Ahead&) override {
    const OperatorWeights::Gradients gradients = weights_.gradients_of(part);
    if (gradients.weights == nullptr) return;
    kernels_.backward_weights(shape_, part.slices, x, dy, gradients.weights, gradients.bias);
    weights_.add_gradients(part);
  }

  void backward_data(int, int32_t n, const float* dy, float* dx, const Ahead&) override {
    kernels_.backward_data(shape_, n, dy, weights_.weights(), dx);
  }

  void finish_gradients() override { weights_.mask_gradient(); }

 private:
  const kernels::train::DepthwiseKernels& kernels_;
  kernels::train::DepthwiseShape shape_;
  OperatorWeights weights_;
};

}  // namespace

kernels::train::DepthwiseShape depthwise_shape(const graph::Graph& model, const graph::Op& op) {
  const auto& params = op.params_as<graph::DepthwiseConv2DParams>();
  const graph::Shape& weights = model.tensor(op.inputs[1]).shape;
  const Window window{weights[1], weights[2], params.stride_h, params.stride_w, params.dilation_h, params.dilation_w, params.padding};
  return {window_shape(window, model.tensor(op.inputs[0]).shape, model.tensor(op.outputs[0]).shape), params.depth_multiplier};
}

LinearResult make_depthwise(Workplace& place, int32_t op, bool bias_cancels) {
  const graph::Op& conv = place.model.ops[static_cast<size_t>(op)];
  const kernels::train::DepthwiseShape shape = depthwise_shape(place.model, conv);
  LITEQAT_ASSIGN_OR_RETURN(const Isa isa, select_isa());
  LITEQAT_ASSIGN_OR_RETURN(OperatorWeights own, OperatorWeights::make(place, op, bias_cancels));
  return std::unique_ptr<LinearOperator>(std::make_unique<Depthwise>(kernels::train::find_depthwise_kernels(isa), shape, std::move(own)));
}

}  // namespace liteqat::train
