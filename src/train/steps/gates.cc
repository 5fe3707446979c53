// HARD_SWISH, LOGISTIC, MUL and CONCATENATION.
#include "kernels/train/gates.h"

#include "kernels/train/joins.h"
#include "train/steps/joined.h"
#include "train/steps/operator_step.h"
#include "train/steps/steps.h"

namespace liteqat::train {
namespace {

class HardSwishStep final : public OperatorStep {
 public:
  using OperatorStep::OperatorStep;

  void forward(Mode, int, const Chunk& chunk) override {
    kernels::train::hard_swish_forward(input(chunk), output(chunk), output_elems(chunk));
  }
  void backward(int, const Chunk& chunk) override {
    GradientTarget dx = input_gradient(chunk);
    if (dx.data() == nullptr) return;
    kernels::train::hard_swish_backward(input(chunk), output_gradient(chunk), dx.data(), output_elems(chunk));
    dx.finish();
  }
};

class LogisticStep final : public OperatorStep {
 public:
  using OperatorStep::OperatorStep;

  void forward(Mode, int, const Chunk& chunk) override {
    kernels::train::sigmoid_forward(input(chunk), output(chunk), output_elems(chunk));
  }
  void backward(int, const Chunk& chunk) override {
    GradientTarget dx = input_gradient(chunk);
    if (dx.data() == nullptr) return;
    kernels::train::sigmoid_backward(output(chunk), output_gradient(chunk), dx.data(), output_elems(chunk));
    dx.finish();
  }
};

class MultiplyStep final : public OperatorStep {
 public:
  MultiplyStep(Workplace& place, int32_t op, const kernels::train::ProductShape& shape)
      : OperatorStep(place, op), shape_{shape, {shape.height, shape.width, shape.channels, shape.b, shape.a}} {}

  void forward(Mode, int, const Chunk& chunk) override {
    kernels::train::multiply_forward(shape_[0], chunk.count, input(chunk, 0), input(chunk, 1), output(chunk));
  }
  void backward(int, const Chunk& chunk) override {
    for (size_t index : {size_t{0}, size_t{1}}) {
      GradientTarget dx = input_gradient(chunk, static_cast<int32_t>(index));
      if (dx.data() == nullptr) continue;
      kernels::train::multiply_backward(shape_[index], chunk.count, output_gradient(chunk), input(chunk, 1 - index), dx.data());
      dx.finish();
    }
  }

 private:
  kernels::train::ProductShape shape_[2];  // with either input as `a`
};

class ConcatenateStep final : public OperatorStep {
 public:
  ConcatenateStep(Workplace& place, int32_t op, std::vector<JoinedPart> parts) : OperatorStep(place, op), parts_(std::move(parts)) {}

  void forward(Mode, int, const Chunk& chunk) override {
    for (size_t index = 0; index < parts_.size(); ++index) {
      kernels::train::concatenate_forward(parts_[index].shape(chunk.count), input(chunk, index), output(chunk) + parts_[index].offset);
    }
  }
  void backward(int, const Chunk& chunk) override {
    for (size_t index = 0; index < parts_.size(); ++index) {
      GradientTarget dx = input_gradient(chunk, static_cast<int32_t>(index));
      if (dx.data() == nullptr) continue;
      kernels::train::concatenate_backward(parts_[index].shape(chunk.count), output_gradient(chunk) + parts_[index].offset, dx.data());
      dx.finish();
    }
  }

 private:
  std::vector<JoinedPart> parts_;
};

}  // namespace

StepResult make_hard_swish_step(Workplace& place, int32_t op) {
  return std::unique_ptr<Step>(std::make_unique<HardSwishStep>(place, op));
}

StepResult make_logistic_step(Workplace& place, int32_t op) {
  return std::unique_ptr<Step>(std::make_unique<LogisticStep>(place, op));
}

StepResult make_multiply_step(Workplace& place, int32_t op) {
  LITEQAT_ASSIGN_OR_RETURN(const kernels::train::ProductShape shape, product_shape(place.model, place.model.ops[static_cast<size_t>(op)]));
  return std::unique_ptr<Step>(std::make_unique<MultiplyStep>(place, op, shape));
}

StepResult make_concatenate_step(Workplace& place, int32_t op) {
  LITEQAT_ASSIGN_OR_RETURN(std::vector<JoinedPart> parts, joined_parts(place.model, place.model.ops[static_cast<size_t>(op)]));
  return std::unique_ptr<Step>(std::make_unique<ConcatenateStep>(place, op, std::move(parts)));
}

}  // namespace liteqat::train
