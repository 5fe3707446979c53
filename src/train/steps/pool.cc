// MAX_POOL_2D and AVERAGE_POOL_2D.
#include "kernels/train/pool.h"

#include "train/steps/operator_step.h"
#include "train/steps/steps.h"
#include "train/steps/window.h"

namespace liteqat::train {
namespace {

kernels::train::WindowShape pool_shape(const graph::Graph& model, const graph::Op& op) {
  const auto& params = op.params_as<graph::Pool2DParams>();
  const Window window{params.filter_h, params.filter_w, params.stride_h, params.stride_w, 1, 1, params.padding};
  return window_shape(window, model.tensor(op.inputs[0]).shape, model.tensor(op.outputs[0]).shape);
}

class MaxPoolStep final : public OperatorStep {
 public:
  MaxPoolStep(Workplace& place, int32_t op) : OperatorStep(place, op), shape_(pool_shape(place.model, this->op())) {
    const int64_t images = int64_t{place.chunk} * place.max_chunks;
    argmax_.resize(static_cast<size_t>(images * place.layout.image_elems(this->op().outputs[0])));
  }

  void forward(Mode, int, const Chunk& chunk) override {
    kernels::train::max_pool_forward(shape_, chunk.count, input(chunk), output(chunk), argmax(chunk));
  }
  void backward(int, const Chunk& chunk) override {
    GradientTarget dx = input_gradient(chunk);
    if (dx.data() == nullptr) return;
    kernels::train::max_pool_backward(shape_, chunk.count, output_gradient(chunk), argmax(chunk), dx.data());
    dx.finish();
  }

 private:
  int32_t* argmax(const Chunk& chunk) { return argmax_.data() + chunk.begin * place().layout.image_elems(op().outputs[0]); }

  kernels::train::WindowShape shape_;
  std::vector<int32_t> argmax_;
};

class AveragePoolStep final : public OperatorStep {
 public:
  AveragePoolStep(Workplace& place, int32_t op) : OperatorStep(place, op), shape_(pool_shape(place.model, this->op())) {}

  void forward(Mode, int, const Chunk& chunk) override {
    kernels::train::average_pool_forward(shape_, chunk.count, input(chunk), output(chunk));
  }
  void backward(int, const Chunk& chunk) override {
    GradientTarget dx = input_gradient(chunk);
    if (dx.data() == nullptr) return;
    kernels::train::average_pool_backward(shape_, chunk.count, output_gradient(chunk), dx.data());
    dx.finish();
  }

 private:
  kernels::train::WindowShape shape_;
};

}  // namespace

StepResult make_max_pool_step(Workplace& place, int32_t op) {
  return std::unique_ptr<Step>(std::make_unique<MaxPoolStep>(place, op));
}

StepResult make_average_pool_step(Workplace& place, int32_t op) {
  return std::unique_ptr<Step>(std::make_unique<AveragePoolStep>(place, op));
}

}  // namespace liteqat::train
