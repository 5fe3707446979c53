// Layers that combine tensors element by element.
#include "formats/keras/layer_call.h"

namespace liteqat::formats::keras {
namespace {

graph::OpParams params_of(OpKind kind) {
  if (kind == OpKind::kMaximum || kind == OpKind::kMinimum) return {};
  return graph::ArithmeticParams{};
}

/// a op b op c ..., from left to right as Keras does.
Result<TensorId> fold_inputs(const LayerCall& call, OpKind kind) {
  TensorId combined = call.x();
  for (size_t i = 1; i < call.inputs.size(); ++i) {
    const bool last = i + 1 == call.inputs.size();
    const std::string name = last ? call.name : call.name + format("/{}", i);
    LITEQAT_ASSIGN_OR_RETURN(combined, call.emit.op(kind, name, {combined, call.inputs[i]}, params_of(kind)));
  }
  return combined;
}

}  // namespace

Result<TensorId> import_add(const LayerCall& call) {
  return fold_inputs(call, OpKind::kAdd);
}
Result<TensorId> import_subtract(const LayerCall& call) {
  return fold_inputs(call, OpKind::kSub);
}
Result<TensorId> import_multiply(const LayerCall& call) {
  return fold_inputs(call, OpKind::kMul);
}
Result<TensorId> import_maximum(const LayerCall& call) {
  return fold_inputs(call, OpKind::kMaximum);
}
Result<TensorId> import_minimum(const LayerCall& call) {
  return fold_inputs(call, OpKind::kMinimum);
}

Result<TensorId> import_concatenate(const LayerCall& call) {
  const auto rank = static_cast<int64_t>(call.shape().size());
  int64_t axis = -1;
  if (!call.options.find("axis").is_null()) {
    LITEQAT_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, call.options.integers("axis"));
    if (axes.size() == 1) axis = axes[0];
  }
  if (axis < 0) axis += rank;
  if (axis < 1 || axis >= rank) {
    return error(Code::kUnsupported, "axis {} of inputs with {} axes is not supported, 1 to {} are", axis, rank, rank - 1);
  }
  return call.emit.op(OpKind::kConcatenation, call.name, {call.inputs.begin(), call.inputs.end()},
                      graph::AxisParams{.axis = static_cast<int32_t>(axis)});
}

}  // namespace liteqat::formats::keras
