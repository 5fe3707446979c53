#include "train/layout.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace liteqat::train {

using graph::Graph;
using graph::kNoTensor;
using graph::Op;
using graph::OpKind;
using graph::TensorId;

namespace {

constexpr int32_t kForever = std::numeric_limits<int32_t>::max();

bool is_activation(const Graph& model, TensorId id) {
  return id != kNoTensor && !model.tensor(id).constant();
}

bool is_relu(OpKind kind) {
  return kind == OpKind::kRelu || kind == OpKind::kRelu6;
}

/// Operators whose reverse step can write the input's gradient over the output's.
bool gradient_in_place(OpKind kind) {
  return is_relu(kind) || kind == OpKind::kReshape || kind == OpKind::kBatchNorm || kind == OpKind::kAdd || kind == OpKind::kHardSwish ||
         kind == OpKind::kLogistic;
}

/// RELU may overwrite its input if nobody else reads it, now or in the reverse walk. RELU's own reverse step looks at its output.
bool relu_in_place(const Graph& model, const quant::Plan* plan, const Op& op) {
  const TensorId input = op.inputs[0];
  if (plan != nullptr && plan->find(input) != nullptr) return false;
  if (model.find_consumers(input).size() != 1) return false;
  if (std::find(model.outputs.begin(), model.outputs.end(), input) != model.outputs.end()) return false;
  const int32_t producer = model.find_producer(input);
  if (producer < 0) return false;
  switch (model.ops[static_cast<size_t>(producer)].kind) {
    case OpKind::kConv2D:
    case OpKind::kDepthwiseConv2D:
    case OpKind::kFullyConnected:
    case OpKind::kBatchNorm:
    case OpKind::kAdd:
      return true;
    default:
      return false;
  }
}

}  // namespace

Layout::Layout(const Graph& model, const quant::Plan* plan, const Fusion& fusion, const LayoutOptions& options) : options_(options) {
  for (const graph::Tensor& tensor : model.tensors) {
    const int64_t batch = tensor.constant() || tensor.shape.empty() ? 1 : std::max(tensor.shape[0], 1);
    image_elems_.push_back(graph::elem_count(tensor.shape) / batch);
  }
  raw_.assign(model.tensors.size(), -1);
  value_.assign(model.tensors.size(), -1);
  gradient_.assign(model.tensors.size(), -1);
  for (const Op& op : model.ops) accumulates_.emplace_back(op.inputs.size(), char{0});

  place_values(model, plan, fusion);
  values_ = allocate(value_slots_);
  if (options_.training) {
    find_gradient_needs(model);
    place_gradients(model, fusion);
    gradients_ = allocate(gradient_slots_);
  }
  for (std::vector<Slot>* slots : {&value_slots_, &gradient_slots_}) {
    for (Slot& slot : *slots) {
      if (slot.place != Place::kArena) slot.chunk_stride = slot.life.elems * options_.chunk;
      if (slot.place != Place::kOwn) continue;
      own_.emplace_back(slot.life.elems * options_.max_batch);
      slot.base = own_.back().data();
    }
  }
}

bool Layout::is_changed(const quant::Plan* plan, TensorId id) const {
  const bool dropped = std::find(options_.dropped.begin(), options_.dropped.end(), id) != options_.dropped.end();
  return dropped || (plan != nullptr && plan->find(id) != nullptr);
}

int32_t Layout::add_slot(std::vector<Slot>& slots, int64_t elems, int32_t time, Place place) const {
  slots.push_back({{elems, time, time}, place, nullptr, 0});
  return static_cast<int32_t>(slots.size()) - 1;
}

void Layout::place_values(const Graph& model, const quant::Plan* plan, const Fusion& fusion) {
  const TensorId input = model.inputs[0];
  raw_[index(input)] = value_[index(input)] = add_slot(value_slots_, image_elems(input), 0, Place::kInput);
  if (is_changed(plan, input)) {
    value_[index(input)] = add_slot(value_slots_, image_elems(input), 0, Place::kArena);
  }
  for (size_t op = 0; op < model.ops.size(); ++op) {
    const int32_t time = static_cast<int32_t>(op);
    place_output(model, plan, fusion, time);
    for (TensorId id : model.ops[op].inputs) {
      if (is_activation(model, id)) value_slots_[static_cast<size_t>(value_[index(id)])].life.last = time;
    }
  }
  for (Slot& slot : value_slots_) {
    if (options_.training) slot.life.last = kForever;
  }
  // The caller sees the output as one block [n, classes]; the input is the caller's own.
  Slot& output = value_slots_[static_cast<size_t>(value_[index(model.outputs[0])])];
  if (output.place == Place::kArena) output.place = Place::kOwn;
}

void Layout::place_output(const Graph& model, const quant::Plan* plan, const Fusion& fusion, int32_t op_index) {
  const Op& op = model.ops[static_cast<size_t>(op_index)];
  const TensorId output = op.outputs[0];
  const int32_t unit = fusion.unit_of(op_index);
  const FusedUnit* fused = unit < 0 ? nullptr : &fusion.units()[static_cast<size_t>(unit)];
  const bool unstored_norm = op.kind == OpKind::kBatchNorm && fused != nullptr && !fused->stored;
  const bool unit_activation = fused != nullptr && fused->activation == op_index;
  const bool alias =
      op.kind == OpKind::kReshape || unstored_norm || unit_activation || (is_relu(op.kind) && relu_in_place(model, plan, op));
  raw_[index(output)] = alias ? value_[index(op.inputs[0])] : add_slot(value_slots_, image_elems(output), op_index, Place::kArena);
  value_[index(output)] = raw_[index(output)];
  value_slots_[static_cast<size_t>(raw_[index(output)])].life.last = op_index;
  if (is_changed(plan, output)) {
    value_[index(output)] = add_slot(value_slots_, image_elems(output), op_index, Place::kArena);
  }
}

void Layout::find_gradient_needs(const Graph& model) {
  needs_gradient_.assign(model.tensors.size(), 0);
  for (const Op& op : model.ops) {
    bool needs = false;
    for (TensorId id : op.inputs) {
      if (id == kNoTensor) continue;
      needs = needs || model.tensor(id).role == graph::Role::kParameter || needs_gradient_[index(id)];
    }
    needs_gradient_[index(op.outputs[0])] = needs;
  }
}

void Layout::place_gradients(const Graph& model, const Fusion& fusion) {
  const TensorId loss = options_.loss;
  if (!needs_gradient_[index(loss)]) return;
  gradient_[index(loss)] = add_slot(gradient_slots_, image_elems(loss), 0, Place::kArena);
  for (int32_t op = static_cast<int32_t>(model.ops.size()) - 1; op >= 0; --op) {
    const Op& current = model.ops[static_cast<size_t>(op)];
    const int32_t slot = gradient_[index(current.outputs[0])], time = static_cast<int32_t>(model.ops.size()) - op;
    if (slot < 0) continue;
    gradient_slots_[static_cast<size_t>(slot)].life.last = time;
    const int32_t along = fusion.taken_along(op);
    if (along >= 0) {  // of that unit's output there is no gradient in memory, and its input's is begun here
      const FusedUnit& unit = fusion.units()[static_cast<size_t>(along)];
      gradient_[index(unit.output)] = add_slot(gradient_slots_, 0, time, Place::kArena);
      if (needs_gradient_[index(unit.input)]) place_input_gradient(model, unit.linear, 0, time);
      continue;
    }
    const int32_t own = fusion.unit_of(op);
    if (own >= 0 && fusion.units()[static_cast<size_t>(own)].linear == op && fusion.units()[static_cast<size_t>(own)].by_reader)
      continue;  // done at its reader
    for (size_t input = 0; input < current.inputs.size(); ++input) {
      const TensorId id = current.inputs[input];
      if (is_activation(model, id) && needs_gradient_[index(id)]) place_input_gradient(model, op, static_cast<int32_t>(input), time);
    }
  }
}

void Layout::place_input_gradient(const Graph& model, int32_t op_index, int32_t input, int32_t time) {
  const Op& op = model.ops[static_cast<size_t>(op_index)];
  const TensorId id = op.inputs[static_cast<size_t>(input)];
  int32_t& slot = gradient_[index(id)];
  if (slot >= 0) {
    accumulates_[static_cast<size_t>(op_index)][static_cast<size_t>(input)] = 1;
    scratch_elems_ = std::max(scratch_elems_, image_elems(id));
  } else if (gradient_in_place(op.kind) && input == 0 && (op.inputs.size() < 2 || op.inputs[1] != id)) {
    slot = gradient_[index(op.outputs[0])];
  } else {
    slot = add_slot(gradient_slots_, image_elems(id), time, Place::kArena);
  }
  gradient_slots_[static_cast<size_t>(slot)].life.last = std::max(gradient_slots_[static_cast<size_t>(slot)].life.last, time);
}

bool Layout::accumulates(int32_t op, int32_t input) const {
  return accumulates_[static_cast<size_t>(op)][static_cast<size_t>(input)] != 0;
}

FloatBlock Layout::allocate(std::vector<Slot>& slots) const {
  std::vector<Lifetime> lives;
  for (const Slot& slot : slots) {
    const int64_t elems = slot.place == Place::kArena ? slot.life.elems * options_.chunk : 0;
    lives.push_back({elems, slot.life.first, slot.life.last});
  }
  const ArenaPlan plan = plan_arena(lives);
  const int64_t chunks = (options_.max_batch + options_.chunk - 1) / options_.chunk;
  FloatBlock block(plan.elems * chunks);
  for (size_t i = 0; i < slots.size(); ++i) {
    slots[i].base = block.data() + plan.offsets[i];
    slots[i].chunk_stride = plan.elems;
  }
  return block;
}

int64_t Layout::memory_bytes() const {
  int64_t elems = values_.elems() + gradients_.elems();
  for (const FloatBlock& block : own_) elems += block.elems();
  return elems * static_cast<int64_t>(sizeof(float));
}

}  // namespace liteqat::train
