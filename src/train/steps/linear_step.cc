// CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED as steps of their own.
#include <algorithm>

#include "base/check.h"
#include "train/steps/linear_operator.h"
#include "train/steps/operator_step.h"
#include "train/steps/steps.h"

namespace liteqat::train {
namespace {

class LinearStep final : public OperatorStep {
 public:
  LinearStep(Workplace& place, int32_t op, std::unique_ptr<LinearOperator> linear) : OperatorStep(place, op), linear_(std::move(linear)) {}

  Status configure(int32_t images) override { return linear_->configure(images * linear_->slices_per_image()); }
  void prepare(Mode mode, const Batch&) override { linear_->prepare(mode); }
  void forward(Mode, int, const Chunk& chunk) override { linear_->forward(chunk.worker, slices(chunk), input(chunk), output(chunk), {}); }

  void backward(int, const Chunk& chunk) override {
    const float* dy = output_gradient(chunk);
    linear_->backward_weights({slices(chunk), chunk.group, chunk.first_of_group, chunk.worker}, input(chunk), dy, {});
    GradientTarget dx = input_gradient(chunk);
    if (dx.data() == nullptr) return;
    linear_->backward_data(chunk.worker, slices(chunk), dy, dx.data(), {});
    dx.finish();
  }

  void finish_gradients() override { linear_->finish_gradients(); }

 private:
  int32_t slices(const Chunk& chunk) const { return chunk.count * linear_->slices_per_image(); }

  std::unique_ptr<LinearOperator> linear_;
};

}  // namespace

void LinearOperator::add_backward_data(int, int32_t, const float*, float*, const Ahead&) {
  LITEQAT_CHECK(false);
}

int64_t slices_of_block(int64_t input_slice, int64_t output_slice, int64_t weights, int64_t block_elems) {
  return std::max({int64_t{1}, block_elems / std::max(input_slice, output_slice), weights / (input_slice + output_slice)});
}

LinearResult make_linear_operator(Workplace& place, int32_t op, bool bias_cancels) {
  const graph::Op& linear = place.model.ops[static_cast<size_t>(op)];
  if (is_pointwise(place.model, linear)) return make_pointwise(place, op, bias_cancels);
  switch (linear.kind) {
    case graph::OpKind::kDepthwiseConv2D:
      return make_depthwise(place, op, bias_cancels);
    case graph::OpKind::kFullyConnected:
      return make_dense(place, op, bias_cancels);
    default:
      return make_convolution(place, op, bias_cancels);
  }
}

StepResult make_linear_step(Workplace& place, int32_t op) {
  LITEQAT_ASSIGN_OR_RETURN(std::unique_ptr<LinearOperator> linear, make_linear_operator(place, op, false));
  return std::unique_ptr<Step>(std::make_unique<LinearStep>(place, op, std::move(linear)));
}

}  // namespace liteqat::train
