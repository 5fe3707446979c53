// 1x1 convolutions of stride 1: matrix products over positions.
#include "kernels/train/pointwise/pointwise.h"

#include "train/steps/linear_operator.h"
#include "train/steps/weights.h"

namespace liteqat::train {
namespace {

class Pointwise final : public LinearOperator {
 public:
  Pointwise(const kernels::train::PointwiseKernels& kernels, int32_t positions, int64_t inputs, int64_t outputs, bool training,
            OperatorWeights weights)
      : kernels_(kernels),
        positions_(positions),
        inputs_(inputs),
        outputs_(outputs),
        forward_(inputs * outputs),
        backward_(training ? inputs * outputs : 0),
        weights_(std::move(weights)) {}

  int32_t slices_per_image() const override { return positions_; }

  void prepare(Mode mode) override {
    weights_.prepare(mode);
    kernels_.pack(inputs_, outputs_, weights_.weights(), 1, inputs_, forward_.data());
    if (mode == Mode::kTraining) kernels_.pack(outputs_, inputs_, weights_.weights(), inputs_, 1, backward_.data());
  }

  void forward(int, int32_t slices, const float* x, float* y, const Ahead& ahead) override {
    kernels_.multiply(slices, inputs_, outputs_, x, forward_.data(), weights_.bias(), y, ahead);
  }

  void backward_weights(const Part& part, const float* x, const float* dy, const Ahead& ahead) override {
    const OperatorWeights::Gradients gradients = weights_.partials(part.group);
    if (gradients.weights == nullptr) return;
    kernels_.accumulate(part.slices, outputs_, inputs_, dy, x, !part.first_of_group, gradients.weights, ahead);
    if (gradients.bias == nullptr) return;
    kernels::train::accumulate_rows(kernels_, part.slices, outputs_, dy, !part.first_of_group, gradients.bias);
  }

  void backward_data(int, int32_t slices, const float* dy, float* dx, const Ahead& ahead) override {
    kernels_.multiply(slices, outputs_, inputs_, dy, backward_.data(), nullptr, dx, ahead);
  }

  void add_backward_data(int, int32_t slices, const float* dy, float* dx, const Ahead& ahead) override {
    kernels_.add_product(slices, outputs_, inputs_, dy, backward_.data(), nullptr, dx, ahead);
  }

  void finish_gradients() override { weights_.mask_gradient(); }

 private:
  const kernels::train::PointwiseKernels& kernels_;
  int32_t positions_;
  int64_t inputs_, outputs_;
  FloatBlock forward_, backward_;  // the weights as either direction reads them
  OperatorWeights weights_;
};

}  // namespace

bool is_pointwise(const graph::Graph& model, const graph::Op& op) {
  if (op.kind != graph::OpKind::kConv2D) return false;
  const auto& params = op.params_as<graph::Conv2DParams>();
  const graph::Shape &in = model.tensor(op.inputs[0]).shape, &weights = model.tensor(op.inputs[1]).shape;
  return weights[1] == 1 && weights[2] == 1 && params.stride_h == 1 && params.stride_w == 1 && in[3] == weights[3];
}

LinearResult make_pointwise(Workplace& place, int32_t op, bool bias_cancels) {
  const graph::Op& conv = place.model.ops[static_cast<size_t>(op)];
  const graph::Shape &in = place.model.tensor(conv.inputs[0]).shape, &weights = place.model.tensor(conv.inputs[1]).shape;
  LITEQAT_ASSIGN_OR_RETURN(const Isa isa, select_isa());
  LITEQAT_ASSIGN_OR_RETURN(OperatorWeights own, OperatorWeights::make(place, op, bias_cancels));
  return std::unique_ptr<LinearOperator>(std::make_unique<Pointwise>(kernels::train::find_pointwise_kernels(isa), in[1] * in[2], weights[3],
                                                                     weights[0], place.training, std::move(own)));
}

}  // namespace liteqat::train
