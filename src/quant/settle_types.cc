#include <algorithm>
#include <numeric>
#include <optional>

#include "quant/quantize_graph.h"

namespace liteqat::quant {

using graph::DType;
using graph::Graph;
using graph::kNoTensor;
using graph::Op;
using graph::OpKind;
using graph::TensorId;

namespace {

bool is_real(const Graph& model, TensorId id) {
  return id != kNoTensor && model.tensor(id).type == DType::kFloat32;
}

/// Computes or moves float values at all (not indices).
bool handles_reals(const Graph& model, const Op& op) {
  return std::ranges::any_of(op.outputs, [&](TensorId id) { return is_real(model, id); });
}

bool only_moves(const Op& op, LayerType type) {
  const OperatorSupport support = find_support(op, type == LayerType::kFloat32 ? LayerType::kInt8 : type);
  return support.rule == OutputRule::kSameScale;
}

/// The type of an operator that moves values: an integer type if any of what it moves has it, since a value in float can be quantized
/// where it is needed; else float.
LayerType moved_type(const Graph& model, const Op& op, const std::vector<LayerType>& types, LayerType asked) {
  for (size_t position : activation_inputs(op)) {
    const TensorId id = op.inputs[position];
    if (!is_real(model, id) || model.tensor(id).constant()) continue;
    const int32_t producer = model.find_producer(id);
    const LayerType type = producer < 0 ? asked : types[static_cast<size_t>(producer)];
    if (type != LayerType::kFloat32) return type;
  }
  return LayerType::kFloat32;
}

std::string reason_of(const Graph& model, const Op& op, LayerType asked) {
  const OperatorSupport support = find_support(op, asked);
  if (!support.why_float.empty()) return support.why_float;
  if (!has_channel_weights(op.kind)) return "";
  if (!model.tensor(op.inputs[1]).constant()) return "its weights are computed, and TFLite's integer kernels want constant ones";
  return "";
}

/// Union-find over tensors; the smallest id stands for its group.
class Ties {
 public:
  explicit Ties(size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), 0); }
  TensorId find(TensorId id) {
    while (parent_[static_cast<size_t>(id)] != id) id = parent_[static_cast<size_t>(id)];
    return id;
  }
  void tie(TensorId a, TensorId b) {
    const TensorId first = std::min(find(a), find(b)), second = std::max(find(a), find(b));
    parent_[static_cast<size_t>(second)] = first;
  }

 private:
  std::vector<TensorId> parent_;
};

}  // namespace

std::vector<LayerType> settle_types(const Graph& model, const std::vector<LayerChoice>& layers, std::vector<FloatLayer>* float_layers) {
  std::vector<LayerType> types(model.ops.size(), LayerType::kFloat32);
  for (size_t index = 0; index < model.ops.size(); ++index) {
    const Op& op = model.ops[index];
    const LayerType asked = layers[index].type;
    const bool reads_reals = std::ranges::any_of(op.inputs, [&](TensorId id) { return is_real(model, id); });
    if (!handles_reals(model, op) && !reads_reals) continue;
    std::string reason = asked == LayerType::kFloat32 ? "asked for" : reason_of(model, op, asked);
    if (reason.empty()) {
      types[index] = only_moves(op, asked) ? moved_type(model, op, types, asked) : asked;
      // A moved type may be the 16-bit one of the layer before, which not every mover has.
      const bool runs = types[index] == LayerType::kFloat32 || find_support(op, types[index]).why_float.empty();
      if (!runs) reason = find_support(op, types[index]).why_float;
      if (!runs) types[index] = LayerType::kFloat32;
      if (runs && types[index] == LayerType::kFloat32) reason = "it moves values that are in float";
    }
    if (!reason.empty() && float_layers != nullptr) float_layers->push_back({op_kind_name(op.kind), op.name, std::move(reason)});
  }
  return types;
}

std::vector<TensorId> tie_tensors(const Graph& model, const std::vector<LayerType>& types) {
  Ties ties(model.tensors.size());
  std::vector<bool> fixed(model.tensors.size(), false);  // parameters that a kernel prescribes
  for (size_t index = 0; index < model.ops.size(); ++index) {
    const Op& op = model.ops[index];
    if (types[index] == LayerType::kFloat32) continue;
    const OutputRule rule = find_support(op, types[index]).rule;
    if (rule == OutputRule::kFixed) fixed[static_cast<size_t>(op.outputs[0])] = true;
    if (rule != OutputRule::kSameScale) continue;
    const std::vector<size_t> positions = activation_inputs(op);
    for (TensorId output : op.outputs) {
      if (output != op.outputs[0]) ties.tie(op.outputs[0], output);
    }
    for (size_t position : positions) {
      const TensorId input = op.inputs[position];
      const int32_t producer = model.find_producer(input);
      const bool same_type = producer < 0 || types[static_cast<size_t>(producer)] == types[index];
      const auto root = static_cast<size_t>(ties.find(input));
      // What has prescribed parameters passes them on through an operator of one input; beside others it is requantized.
      if (model.tensor(input).constant() || !same_type || (fixed[root] && positions.size() > 1)) continue;
      const bool prescribed = fixed[root];
      ties.tie(input, op.outputs[0]);
      fixed[static_cast<size_t>(ties.find(input))] = prescribed;
    }
  }
  std::vector<TensorId> groups(model.tensors.size());
  for (size_t id = 0; id < groups.size(); ++id) groups[id] = ties.find(static_cast<TensorId>(id));
  return groups;
}

}  // namespace liteqat::quant
