// A step of exactly one operator: short names for its tensors' memory.
#pragma once

#include "train/steps/step.h"

namespace liteqat::train {

class OperatorStep : public Step {
 public:
  OperatorStep(Workplace& place, int32_t op) : Step(place.model.ops[static_cast<size_t>(op)].name), place_(place), op_index_(op) {}

 protected:
  const graph::Op& op() const { return place_.model.ops[static_cast<size_t>(op_index_)]; }
  int32_t op_index() const { return op_index_; }
  const Workplace& place() const { return place_; }
  Workplace& place() { return place_; }

  const float* input(const Chunk& chunk, size_t index = 0) const { return place_.layout.value(op().inputs[index], chunk); }
  /// The output as this operator writes it, before its fake quantizer.
  float* output(const Chunk& chunk) const { return place_.layout.raw(op().outputs[0], chunk); }
  const float* output_gradient(const Chunk& chunk) const { return place_.layout.gradient(op().outputs[0], chunk); }
  GradientTarget input_gradient(const Chunk& chunk, int32_t index = 0) const { return {place_, op_index_, index, chunk}; }

  int64_t input_elems(const Chunk& chunk) const { return place_.layout.image_elems(op().inputs[0]) * chunk.count; }
  int64_t output_elems(const Chunk& chunk) const { return place_.layout.image_elems(op().outputs[0]) * chunk.count; }
  const graph::Shape& input_shape() const { return place_.model.tensor(op().inputs[0]).shape; }
  const graph::Shape& output_shape() const { return place_.model.tensor(op().outputs[0]).shape; }

 private:
  Workplace& place_;
  int32_t op_index_;
};

}  // namespace liteqat::train
