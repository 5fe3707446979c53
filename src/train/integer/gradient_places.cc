#include "train/integer/gradient_places.h"

#include <algorithm>

namespace liteqat::train {

using graph::kNoTensor;
using graph::Op;
using graph::TensorId;

GradientPlaces::GradientPlaces(const graph::Graph& lowered, TensorId loss, int32_t chunk, const std::function<bool(size_t op)>& trained) {
  const auto index = [](TensorId id) { return static_cast<size_t>(id); };
  for (const graph::Tensor& tensor : lowered.tensors) {
    const int64_t batch = tensor.constant() || tensor.shape.empty() ? 1 : std::max(tensor.shape[0], 1);
    image_elems_.push_back(graph::elem_count(tensor.shape) / batch);
  }
  std::vector<char> needed(lowered.tensors.size(), 0);
  for (size_t op = 0; op < lowered.ops.size(); ++op) {
    bool needs = trained(op);
    for (TensorId id : lowered.ops[op].inputs) needs = needs || (id != kNoTensor && needed[index(id)] != 0);
    needed[index(lowered.ops[op].outputs[0])] = needs;
  }
  slots_.assign(lowered.tensors.size(), -1);
  for (const Op& op : lowered.ops) accumulates_.emplace_back(op.inputs.size(), char{0});
  std::vector<Lifetime> lives;
  const auto add = [&](TensorId id, int32_t time) {
    slots_[index(id)] = static_cast<int32_t>(lives.size());
    lives.push_back({image_elems_[index(id)] * chunk, time, time});
  };
  if (needed[index(loss)]) add(loss, 0);
  const auto ops = static_cast<int32_t>(lowered.ops.size());
  for (int32_t op = ops - 1; op >= 0; --op) {
    const Op& current = lowered.ops[static_cast<size_t>(op)];
    const int32_t slot = slots_[index(current.outputs[0])], time = ops - op;
    if (slot < 0) continue;
    lives[static_cast<size_t>(slot)].last = time;
    for (size_t input = 0; input < current.inputs.size(); ++input) {
      const TensorId id = current.inputs[input];
      if (id == kNoTensor || !needed[index(id)]) continue;
      accumulates_[static_cast<size_t>(op)][input] = slots_[index(id)] >= 0;
      if (slots_[index(id)] < 0) add(id, time);
    }
  }
  plan_ = plan_arena(lives);
}

}  // namespace liteqat::train
