// CONV_2D and FULLY_CONNECTED on oneDNN: a dense layer is a 1x1 convolution over one position.
#include "kernels/onednn/convolution.h"

#include "kernels/onednn/dense.h"
#include "train/steps/linear_operator.h"
#include "train/steps/weights.h"
#include "train/steps/window.h"

namespace liteqat::train {
namespace {

class Convolution final : public LinearOperator {
 public:
  Convolution(kernels::onednn::Convolution kernel, OperatorWeights weights) : kernel_(std::move(kernel)), weights_(std::move(weights)) {}

  Status configure(int32_t slices) override { return kernel_.configure(slices); }

  void prepare(Mode mode) override {
    kernels::onednn::use_one_thread();
    weights_.prepare(mode);
    kernel_.set_weights(weights_.weights());
  }

  void forward(int worker, int32_t n, const float* x, float* y, const Ahead&) override {
    kernels::onednn::use_one_thread();
    kernel_.forward(worker, n, x, weights_.bias(), y);
  }

  void backward_weights(const Part& part, const float* x, const float* dy, const Ahead&) override {
    kernels::onednn::use_one_thread();
    const OperatorWeights::Gradients gradients = weights_.gradients_of(part);
    if (gradients.weights == nullptr) return;
    kernel_.backward_weights(part.worker, part.slices, x, dy, gradients.weights, gradients.bias);
    weights_.add_gradients(part);
  }

  void backward_data(int worker, int32_t n, const float* dy, float* dx, const Ahead&) override {
    kernels::onednn::use_one_thread();
    kernel_.backward_data(worker, n, dy, dx);
  }

  void finish_gradients() override { weights_.mask_gradient(); }

 private:
  kernels::onednn::Convolution kernel_;
  OperatorWeights weights_;
};

LinearResult make_on_shape(Workplace& place, int32_t op, const kernels::onednn::ConvolutionShape& shape, bool bias_cancels) {
  kernels::onednn::use_one_thread();
  LITEQAT_ASSIGN_OR_RETURN(kernels::onednn::Convolution kernel, kernels::onednn::Convolution::make(shape, place.workers, place.training));
  LITEQAT_ASSIGN_OR_RETURN(OperatorWeights weights, OperatorWeights::make(place, op, bias_cancels));
  return std::unique_ptr<LinearOperator>(std::make_unique<Convolution>(std::move(kernel), std::move(weights)));
}

}  // namespace

LinearResult make_convolution(Workplace& place, int32_t op, bool bias_cancels) {
  const graph::Op& conv = place.model.ops[static_cast<size_t>(op)];
  const auto& params = conv.params_as<graph::Conv2DParams>();
  const graph::Shape& in = place.model.tensor(conv.inputs[0]).shape;
  const graph::Shape& weights = place.model.tensor(conv.inputs[1]).shape;
  if (in[3] != weights[3]) {
    return error(Code::kUnsupported, "grouped convolution ({} input channels, weights for {}) cannot be trained", in[3], weights[3]);
  }
  const Window window{weights[1], weights[2], params.stride_h, params.stride_w, params.dilation_h, params.dilation_w, params.padding};
  return make_on_shape(place, op, {window_shape(window, in, place.model.tensor(conv.outputs[0]).shape), weights[0]}, bias_cancels);
}

LinearResult make_dense(Workplace& place, int32_t op, bool bias_cancels) {
  const graph::Op& dense = place.model.ops[static_cast<size_t>(op)];
  const graph::Shape& weights = place.model.tensor(dense.inputs[1]).shape;
  const int64_t inputs = place.layout.image_elems(dense.inputs[0]);
  if (inputs != weights[1]) {
    return error(Code::kUnsupported, "an image has {} values here, the weights take {}: several rows an image cannot be trained", inputs,
                 weights[1]);
  }
  return make_on_shape(place, op, kernels::onednn::dense_shape(weights[1], weights[0]), bias_cancels);
}

}  // namespace liteqat::train
