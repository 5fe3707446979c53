#include "train/fusion.h"

#include <algorithm>

namespace liteqat::train {
namespace {

using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::TensorId;

bool is_linear(OpKind kind) {
  return kind == OpKind::kConv2D || kind == OpKind::kDepthwiseConv2D || kind == OpKind::kFullyConnected;
}

bool is_activation(OpKind kind) {
  return kind == OpKind::kRelu || kind == OpKind::kRelu6 || kind == OpKind::kHardSwish;
}

/// Tensors that are stored whoever reads them.
struct Stored {
  TensorId loss;
  std::span<const TensorId> dropped;
  bool has(TensorId id) const { return id == loss || std::find(dropped.begin(), dropped.end(), id) != dropped.end(); }
};

/// The one operator that reads the tensor; -1 if there are more or none, or if somebody outside of the graph looks at it.
int32_t only_reader(const Graph& model, TensorId id, const Stored& stored) {
  if (stored.has(id) || std::find(model.outputs.begin(), model.outputs.end(), id) != model.outputs.end()) return -1;
  const auto readers = model.find_consumers(id);
  return readers.size() == 1 ? readers[0] : -1;
}

const Op& op_at(const Graph& model, int32_t index) {
  return model.ops[static_cast<size_t>(index)];
}

/// See FusedUnit::in_strips. Images of fewer positions are computed many at a time: strips made MobileNetV2 with Keras' strides, half of
/// whose layers are that small, 5 % slower.
bool in_strips(const Graph& model, const Op& linear) {
  constexpr int32_t kFewestPositions = 32;
  if (linear.kind != OpKind::kDepthwiseConv2D || linear.params_as<graph::DepthwiseConv2DParams>().depth_multiplier != 1) return false;
  const graph::Shape& input = model.tensor(linear.inputs[0]).shape;
  return input[1] * input[2] >= kFewestPositions;
}

/// Of a unit that a unit in strips reads, see FusedUnit::by_reader. Worth it where the input has few channels beside the output, because
/// squares of the input's channels are multiplied instead, and where the weights' gradient is small enough to be gone over for every piece
/// of an image.
bool expands(const Graph& model, const Op& linear) {
  constexpr int64_t kMostWeights = 65536;  // 256 KiB, a quarter of a second-level cache
  if (linear.kind != OpKind::kConv2D) return false;
  const auto& params = linear.params_as<graph::Conv2DParams>();
  const graph::Tensor& tensor = model.tensor(linear.inputs[1]);
  const graph::Shape& weights = tensor.shape;
  const bool pointwise = weights[1] == 1 && weights[2] == 1 && params.stride_h == 1 && params.stride_w == 1 &&
                         weights[3] == model.tensor(linear.inputs[0]).shape[3];
  return pointwise && tensor.role == graph::Role::kParameter && 2 * weights[3] <= weights[0] && graph::elem_count(weights) <= kMostWeights;
}

}  // namespace

Fusion Fusion::find(const Graph& model, TensorId loss, std::span<const TensorId> dropped) {
  const Stored stored{loss, dropped};
  Fusion fusion;
  fusion.unit_of_op_.assign(model.ops.size(), -1);
  for (size_t index = 0; index < model.ops.size(); ++index) {
    const Op& linear = model.ops[index];
    if (!is_linear(linear.kind)) continue;
    const int32_t norm = only_reader(model, linear.outputs[0], stored);
    if (norm < 0 || op_at(model, norm).kind != OpKind::kBatchNorm || op_at(model, norm).inputs[0] != linear.outputs[0]) continue;
    FusedUnit unit{.linear = static_cast<int32_t>(index), .norm = norm};
    unit.input = linear.inputs[0], unit.sum = linear.outputs[0], unit.output = op_at(model, norm).outputs[0];
    const int32_t reader = only_reader(model, unit.output, stored);
    if (reader >= 0 && is_activation(op_at(model, reader).kind)) {
      unit.activation = reader;
      unit.output = op_at(model, reader).outputs[0];
    }
    for (int32_t op : {unit.linear, unit.norm, unit.activation}) {
      if (op >= 0) fusion.unit_of_op_[static_cast<size_t>(op)] = static_cast<int32_t>(fusion.units_.size());
    }
    fusion.units_.push_back(unit);
  }
  for (FusedUnit& unit : fusion.units_) {
    const int32_t reader = only_reader(model, unit.output, stored);
    unit.stored =
        reader < 0 || fusion.unit_of(reader) < 0 || fusion.units_[static_cast<size_t>(fusion.unit_of(reader))].input != unit.output;
    unit.in_strips = in_strips(model, op_at(model, unit.linear));
    unit.by_reader = !unit.stored && in_strips(model, op_at(model, reader)) && expands(model, op_at(model, unit.linear));
  }
  return fusion;
}

int32_t Fusion::unstored(TensorId id) const {
  const auto found = std::find_if(units_.begin(), units_.end(), [id](const FusedUnit& unit) { return unit.output == id && !unit.stored; });
  return found == units_.end() ? -1 : static_cast<int32_t>(found - units_.begin());
}

int32_t Fusion::taken_along(int32_t op) const {
  const int32_t unit = unit_of(op);
  if (unit < 0 || units_[static_cast<size_t>(unit)].linear != op) return -1;
  const int32_t producer = unstored(units_[static_cast<size_t>(unit)].input);
  return producer >= 0 && units_[static_cast<size_t>(producer)].by_reader ? producer : -1;
}

}  // namespace liteqat::train
