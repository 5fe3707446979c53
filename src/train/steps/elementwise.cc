// RELU, RELU6, ADD, RESHAPE and the final SOFTMAX.
#include "kernels/train/elementwise.h"

#include <algorithm>

#include "kernels/train/softmax.h"
#include "train/steps/operator_step.h"
#include "train/steps/steps.h"

namespace liteqat::train {
namespace {

class ReluStep final : public OperatorStep {
 public:
  ReluStep(Workplace& place, int32_t op) : OperatorStep(place, op), six_(this->op().kind == graph::OpKind::kRelu6) {}

  void forward(Mode, int, const Chunk& chunk) override {
    const auto kernel = six_ ? kernels::train::relu6_forward : kernels::train::relu_forward;
    kernel(input(chunk), output(chunk), output_elems(chunk));
  }
  void backward(int, const Chunk& chunk) override {
    GradientTarget dx = input_gradient(chunk);
    if (dx.data() == nullptr) return;
    const auto kernel = six_ ? kernels::train::relu6_backward : kernels::train::relu_backward;
    kernel(output(chunk), output_gradient(chunk), dx.data(), output_elems(chunk));
    dx.finish();
  }

 private:
  bool six_;
};

/// Passes the output's gradient on: in place, copied, or added to what is there.
void pass_gradient(const Workplace& place, int32_t op_index, int32_t input, const float* dy, int64_t elems, const Chunk& chunk) {
  const graph::TensorId id = place.model.ops[static_cast<size_t>(op_index)].inputs[static_cast<size_t>(input)];
  if (!place.layout.has_gradient(id)) return;
  float* dx = place.layout.gradient(id, chunk);
  if (place.layout.accumulates(op_index, input)) {
    kernels::train::accumulate(dy, dx, elems);
  } else if (dx != dy) {
    std::copy(dy, dy + elems, dx);
  }
}

class AddStep final : public OperatorStep {
 public:
  using OperatorStep::OperatorStep;

  void forward(Mode, int, const Chunk& chunk) override {
    kernels::train::add_forward(input(chunk, 0), input(chunk, 1), output(chunk), output_elems(chunk));
  }
  void backward(int, const Chunk& chunk) override {
    for (int32_t index : {0, 1}) pass_gradient(place(), op_index(), index, output_gradient(chunk), output_elems(chunk), chunk);
  }
};

/// Input and output are one buffer.
class ReshapeStep final : public OperatorStep {
 public:
  using OperatorStep::OperatorStep;

  void forward(Mode, int, const Chunk&) override {}
  void backward(int, const Chunk& chunk) override {
    pass_gradient(place(), op_index(), 0, output_gradient(chunk), output_elems(chunk), chunk);
  }
};

class SoftmaxStep final : public OperatorStep {
 public:
  using OperatorStep::OperatorStep;

  void forward(Mode, int, const Chunk& chunk) override {
    const auto classes = static_cast<int32_t>(place().layout.image_elems(op().inputs[0]));
    kernels::train::softmax_forward(chunk.count, classes, input(chunk), output(chunk));
  }
  void backward(int, const Chunk&) override {}  // never part of the reverse walk
};

}  // namespace

StepResult make_relu_step(Workplace& place, int32_t op) {
  return std::unique_ptr<Step>(std::make_unique<ReluStep>(place, op));
}

StepResult make_add_step(Workplace& place, int32_t op) {
  const graph::Op& add = place.model.ops[static_cast<size_t>(op)];
  for (graph::TensorId id : add.inputs) {
    const graph::Tensor& tensor = place.model.tensor(id);
    if (!tensor.constant() && tensor.shape == place.model.tensor(add.outputs[0]).shape) continue;
    return error(Code::kUnsupported, "input '{}' {} is a constant or is broadcast to {}", tensor.name, graph::shape_text(tensor.shape),
                 graph::shape_text(place.model.tensor(add.outputs[0]).shape));
  }
  return std::unique_ptr<Step>(std::make_unique<AddStep>(place, op));
}

StepResult make_reshape_step(Workplace& place, int32_t op) {
  const graph::Op& reshape = place.model.ops[static_cast<size_t>(op)];
  const graph::Shape& in = place.model.tensor(reshape.inputs[0]).shape;
  const graph::Shape& out = place.model.tensor(reshape.outputs[0]).shape;
  if (in.empty() || out.empty() || in[0] != out[0]) {
    return error(Code::kUnsupported, "{} to {} does not keep the batch axis", graph::shape_text(in), graph::shape_text(out));
  }
  return std::unique_ptr<Step>(std::make_unique<ReshapeStep>(place, op));
}

StepResult make_softmax_step(Workplace& place, int32_t op) {
  const graph::Op& softmax = place.model.ops[static_cast<size_t>(op)];
  if (softmax.outputs[0] != place.model.outputs[0]) return error(Code::kUnsupported, "softmax inside a network cannot be trained");
  if (softmax.params_as<graph::SoftmaxParams>().beta != 1.0f) {
    return error(Code::kUnsupported, "softmax with beta {} cannot be trained, only 1", softmax.params_as<graph::SoftmaxParams>().beta);
  }
  return std::unique_ptr<Step>(std::make_unique<SoftmaxStep>(place, op));
}

}  // namespace liteqat::train
