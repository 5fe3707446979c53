#include "train/steps/step.h"

#include "kernels/train/elementwise.h"

namespace liteqat::train {

GradientTarget::GradientTarget(const Workplace& place, int32_t op, int32_t input, const Chunk& chunk) {
  const graph::TensorId id = place.model.ops[static_cast<size_t>(op)].inputs[static_cast<size_t>(input)];
  if (!place.layout.has_gradient(id)) return;
  data_ = place.layout.gradient(id, chunk);
  if (!place.layout.accumulates(op, input)) return;
  sum_ = data_;
  data_ = place.scratch[static_cast<size_t>(chunk.worker)].data();
  elems_ = place.layout.image_elems(id) * chunk.count;
}

void GradientTarget::finish() {
  if (sum_ != nullptr) kernels::train::accumulate(data_, sum_, elems_);
}

}  // namespace liteqat::train
