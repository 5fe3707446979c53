// HARD_SWISH, LOGISTIC, MUL and CONCATENATION on integers.
#include "kernels/train/gates.h"
#include "quant/passes.h"
#include "train/integer/integer_step.h"
#include "train/steps/joined.h"

namespace liteqat::train {
namespace {

class HardSwishStep final : public IntegerStep {
 public:
  using IntegerStep::IntegerStep;

 protected:
  void propagate(const IntegerChunk& chunk, const float* dy) const override {
    give_gradient(chunk, 0, [&](float* dx) { kernels::train::hard_swish_backward(dequantize_input(chunk), dy, dx, output_elems(chunk)); });
  }
};

/// Its grid of 1/256 holds all that it can compute: no code is cut off.
class LogisticStep final : public IntegerStep {
 public:
  using IntegerStep::IntegerStep;

 protected:
  bool clamps() const override { return false; }
  void propagate(const IntegerChunk& chunk, const float* dy) const override {
    give_gradient(chunk, 0, [&](float* dx) { kernels::train::sigmoid_backward(dequantize_output(chunk), dy, dx, output_elems(chunk)); });
  }
};

class MultiplyStep final : public IntegerStep {
 public:
  MultiplyStep(const IntegerPlace& place, size_t op, const kernels::train::ProductShape& shape)
      : IntegerStep(place, op), shape_{shape, {shape.height, shape.width, shape.channels, shape.b, shape.a}} {}

 protected:
  void propagate(const IntegerChunk& chunk, const float* dy) const override {
    for (size_t index : {size_t{0}, size_t{1}}) {
      give_gradient(chunk, index, [&](float* dx) {
        kernels::train::multiply_backward(shape_[index], chunk.chunk.count, dy, dequantize_input(chunk, 1 - index), dx);
      });
    }
  }

 private:
  kernels::train::ProductShape shape_[2];  // with either input as `a`
};

class ConcatenateStep final : public IntegerStep {
 public:
  ConcatenateStep(const IntegerPlace& place, size_t op, std::vector<JoinedPart> parts) : IntegerStep(place, op), parts_(std::move(parts)) {}

 protected:
  bool clamps() const override { return false; }  // codes are copied
  void propagate(const IntegerChunk& chunk, const float* dy) const override {
    for (size_t index = 0; index < parts_.size(); ++index) {
      give_gradient(chunk, index, [&](float* dx) {
        kernels::train::concatenate_backward(parts_[index].shape(chunk.chunk.count), dy + parts_[index].offset, dx);
      });
    }
  }

 private:
  std::vector<JoinedPart> parts_;
};

}  // namespace

IntegerStepResult make_integer_gate_step(const IntegerPlace& place, size_t index) {
  const graph::Op& op = place.lowered.ops[index];
  switch (op.kind) {
    case graph::OpKind::kHardSwish:
      return std::unique_ptr<IntegerStep>(std::make_unique<HardSwishStep>(place, index));
    case graph::OpKind::kLogistic:
      return std::unique_ptr<IntegerStep>(std::make_unique<LogisticStep>(place, index));
    case graph::OpKind::kMul: {
      const auto shape = product_shape(place.lowered, op);
      if (!shape.ok()) return quant::op_error(Code::kUnsupported, place.lowered, op, shape.status().message());
      return std::unique_ptr<IntegerStep>(std::make_unique<MultiplyStep>(place, index, *shape));
    }
    default: {
      auto parts = joined_parts(place.lowered, op);
      if (!parts.ok()) return quant::op_error(Code::kUnsupported, place.lowered, op, parts.status().message());
      return std::unique_ptr<IntegerStep>(std::make_unique<ConcatenateStep>(place, index, *std::move(parts)));
    }
  }
}

}  // namespace liteqat::train
