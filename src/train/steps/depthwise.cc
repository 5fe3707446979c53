#include "kernels/train/depthwise/depthwise.h"

#include "train/steps/operator_step.h"
#include "train/steps/steps.h"
#include "train/steps/weights.h"
#include "train/steps/window.h"

namespace liteqat::train {
namespace {

class DepthwiseStep final : public OperatorStep {
 public:
  DepthwiseStep(Workplace& place, int32_t op, const kernels::train::DepthwiseKernels& kernels, const kernels::train::DepthwiseShape& shape,
                OperatorWeights weights)
      : OperatorStep(place, op), kernels_(kernels), shape_(shape), weights_(std::move(weights)) {}

  void prepare(Mode mode, const Batch&) override { weights_.prepare(mode); }

  void forward(Mode, int, const Chunk& chunk) override {
    kernels_.forward(shape_, chunk.count, input(chunk), weights_.weights(), weights_.bias(), output(chunk));
  }

  void backward(int, const Chunk& chunk) override {
    const float* dy = output_gradient(chunk);
    const OperatorWeights::Gradients gradients = weights_.gradients_of(chunk);
    if (gradients.weights != nullptr) {
      kernels_.backward_weights(shape_, chunk.count, input(chunk), dy, gradients.weights, gradients.bias);
      weights_.add_gradients(chunk);
    }
    GradientTarget dx = input_gradient(chunk);
    if (dx.data() == nullptr) return;
    kernels_.backward_data(shape_, chunk.count, dy, weights_.weights(), dx.data());
    dx.finish();
  }

  void finish_gradients() override { weights_.mask_gradient(); }

 private:
  const kernels::train::DepthwiseKernels& kernels_;
  kernels::train::DepthwiseShape shape_;
  OperatorWeights weights_;
};

}  // namespace

StepResult make_depthwise_step(Workplace& place, int32_t op) {
  const graph::Op& conv = place.model.ops[static_cast<size_t>(op)];
  const auto& params = conv.params_as<graph::DepthwiseConv2DParams>();
  const graph::Shape& weights = place.model.tensor(conv.inputs[1]).shape;
  const Window window{weights[1], weights[2], params.stride_h, params.stride_w, params.dilation_h, params.dilation_w, params.padding};
  const kernels::train::DepthwiseShape shape{
      window_shape(window, place.model.tensor(conv.inputs[0]).shape, place.model.tensor(conv.outputs[0]).shape), params.depth_multiplier};
  LITEQAT_ASSIGN_OR_RETURN(const Isa isa, select_isa());
  LITEQAT_ASSIGN_OR_RETURN(OperatorWeights own, OperatorWeights::make(place, op));
  return std::unique_ptr<Step>(
      std::make_unique<DepthwiseStep>(place, op, kernels::train::find_depthwise_kernels(isa), shape, std::move(own)));
}

}  // namespace liteqat::train
