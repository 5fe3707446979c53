// CONV_2D and FULLY_CONNECTED on oneDNN: a dense layer is a 1x1 convolution over one position.
#include "kernels/onednn/convolution.h"

#include "kernels/onednn/dense.h"
#include "train/steps/operator_step.h"
#include "train/steps/steps.h"
#include "train/steps/weights.h"
#include "train/steps/window.h"

namespace liteqat::train {
namespace {

class ConvolutionStep final : public OperatorStep {
 public:
  ConvolutionStep(Workplace& place, int32_t op, kernels::onednn::Convolution kernel, OperatorWeights weights)
      : OperatorStep(place, op), kernel_(std::move(kernel)), weights_(std::move(weights)) {}

  Status configure(int32_t images) override { return kernel_.configure(images); }

  void prepare(Mode mode, const Batch&) override {
    kernels::onednn::use_one_thread();
    weights_.prepare(mode);
    kernel_.set_weights(weights_.weights());
  }

  void forward(Mode, int, const Chunk& chunk) override {
    kernels::onednn::use_one_thread();
    kernel_.forward(chunk.worker, chunk.count, input(chunk), weights_.bias(), output(chunk));
  }

  void backward(int, const Chunk& chunk) override {
    kernels::onednn::use_one_thread();
    const float* dy = output_gradient(chunk);
    const OperatorWeights::Gradients gradients = weights_.gradients_of(chunk);
    if (gradients.weights != nullptr) {
      kernel_.backward_weights(chunk.worker, chunk.count, input(chunk), dy, gradients.weights, gradients.bias);
      weights_.add_gradients(chunk);
    }
    GradientTarget dx = input_gradient(chunk);
    if (dx.data() == nullptr) return;
    kernel_.backward_data(chunk.worker, chunk.count, dy, dx.data());
    dx.finish();
  }

  void finish_gradients() override { weights_.mask_gradient(); }

 private:
  kernels::onednn::Convolution kernel_;
  OperatorWeights weights_;
};

StepResult make_on_shape(Workplace& place, int32_t op, const kernels::onednn::ConvolutionShape& shape) {
  kernels::onednn::use_one_thread();
  LITEQAT_ASSIGN_OR_RETURN(kernels::onednn::Convolution kernel, kernels::onednn::Convolution::make(shape, place.workers, place.training));
  LITEQAT_ASSIGN_OR_RETURN(OperatorWeights weights, OperatorWeights::make(place, op));
  return std::unique_ptr<Step>(std::make_unique<ConvolutionStep>(place, op, std::move(kernel), std::move(weights)));
}

}  // namespace

StepResult make_convolution_step(Workplace& place, int32_t op) {
  const graph::Op& conv = place.model.ops[static_cast<size_t>(op)];
  const auto& params = conv.params_as<graph::Conv2DParams>();
  const graph::Shape& in = place.model.tensor(conv.inputs[0]).shape;
  const graph::Shape& weights = place.model.tensor(conv.inputs[1]).shape;
  if (in[3] != weights[3]) {
    return error(Code::kUnsupported, "grouped convolution ({} input channels, weights for {}) cannot be trained", in[3], weights[3]);
  }
  const Window window{weights[1], weights[2], params.stride_h, params.stride_w, params.dilation_h, params.dilation_w, params.padding};
  return make_on_shape(place, op, {window_shape(window, in, place.model.tensor(conv.outputs[0]).shape), weights[0]});
}

StepResult make_dense_step(Workplace& place, int32_t op) {
  const graph::Op& dense = place.model.ops[static_cast<size_t>(op)];
  const graph::Shape& weights = place.model.tensor(dense.inputs[1]).shape;
  const int64_t inputs = place.layout.image_elems(dense.inputs[0]);
  if (inputs != weights[1]) {
    return error(Code::kUnsupported, "an image has {} values here, the weights take {}: several rows an image cannot be trained", inputs,
                 weights[1]);
  }
  return make_on_shape(place, op, kernels::onednn::dense_shape(weights[1], weights[0]));
}

}  // namespace liteqat::train
