// MEAN over height and width, PAD of height and width.
#include "kernels/train/spatial.h"

#include <algorithm>
#include <vector>

#include "train/steps/operator_step.h"
#include "train/steps/steps.h"

namespace liteqat::train {
namespace {

class MeanStep final : public OperatorStep {
 public:
  using OperatorStep::OperatorStep;

  void forward(Mode, int, const Chunk& chunk) override {
    kernels::train::spatial_mean_forward(chunk.count, positions(), channels(), input(chunk), output(chunk));
  }
  void backward(int, const Chunk& chunk) override {
    GradientTarget dx = input_gradient(chunk);
    if (dx.data() == nullptr) return;
    kernels::train::spatial_mean_backward(chunk.count, positions(), channels(), output_gradient(chunk), dx.data());
    dx.finish();
  }

 private:
  int64_t channels() const { return input_shape()[3]; }
  int64_t positions() const { return int64_t{input_shape()[1]} * input_shape()[2]; }
};

class PadStep final : public OperatorStep {
 public:
  PadStep(Workplace& place, int32_t op, const kernels::train::PadShape& shape) : OperatorStep(place, op), shape_(shape) {}

  void forward(Mode, int, const Chunk& chunk) override { kernels::train::pad_forward(shape_, chunk.count, input(chunk), output(chunk)); }
  void backward(int, const Chunk& chunk) override {
    GradientTarget dx = input_gradient(chunk);
    if (dx.data() == nullptr) return;
    kernels::train::pad_backward(shape_, chunk.count, output_gradient(chunk), dx.data());
    dx.finish();
  }

 private:
  kernels::train::PadShape shape_;
};

}  // namespace

StepResult make_mean_step(Workplace& place, int32_t op) {
  const graph::Op& mean = place.model.ops[static_cast<size_t>(op)];
  const auto axes_span = place.model.tensor(mean.inputs[1]).as<int32_t>();
  std::vector<int32_t> axes(axes_span.begin(), axes_span.end());
  for (int32_t& axis : axes) axis = axis < 0 ? axis + 4 : axis;
  std::sort(axes.begin(), axes.end());
  if (place.model.tensor(mean.inputs[0]).shape.size() != 4 || axes != std::vector<int32_t>{1, 2}) {
    return error(Code::kUnsupported, "only the mean over height and width of NHWC values can be trained");
  }
  return std::unique_ptr<Step>(std::make_unique<MeanStep>(place, op));
}

StepResult make_pad_step(Workplace& place, int32_t op) {
  const graph::Op& pad = place.model.ops[static_cast<size_t>(op)];
  const graph::Shape& in = place.model.tensor(pad.inputs[0]).shape;
  const auto amounts = place.model.tensor(pad.inputs[1]).as<int32_t>();
  if (in.size() != 4 || amounts.size() != 8 || amounts[0] != 0 || amounts[1] != 0 || amounts[6] != 0 || amounts[7] != 0) {
    return error(Code::kUnsupported, "only padding of height and width of NHWC values can be trained");
  }
  const kernels::train::PadShape shape{in[1], in[2], in[3], amounts[2], amounts[3], amounts[4], amounts[5]};
  return std::unique_ptr<Step>(std::make_unique<PadStep>(place, op, shape));
}

}  // namespace liteqat::train
