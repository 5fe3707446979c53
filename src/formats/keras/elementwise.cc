// Layers that combine tensors element by element, or tensors with constants.
#include <algorithm>
#include <cmath>

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

/// A constant for all elements or one a channel.
Result<TensorId> add_constant(const LayerCall& call, const std::string& name, std::span<const float> values) {
  const auto channels = static_cast<size_t>(call.shape().back());
  if (values.size() == 1) return call.emit.floats(call.name + "/" + name, {}, values);
  if (values.size() == channels) return call.emit.floats(call.name + "/" + name, {call.shape().back()}, values);
  return error(Code::kUnsupported, "'{}' has {} values; one, or one for each of the {} channels of the last axis is supported", name,
               values.size(), channels);
}

Result<TensorId> with_constant(const LayerCall& call, OpKind kind, TensorId x, const std::string& name, std::span<const float> values) {
  LITEQAT_ASSIGN_OR_RETURN(const TensorId constant, add_constant(call, name, values));
  return call.emit.op(kind, call.name + "/" + name + "/op", {x, constant}, graph::ArithmeticParams{});
}

/// Values of a statistic, from the options or from the stored weights.
Result<std::vector<float>> read_statistic(const LayerCall& call, const char* key) {
  if (!call.has_weight("mean")) return call.options.floats(key);
  if (call.weights.size() != 3) {
    return error(Code::kMismatch, "the file stores {} weights for it, its mean, variance and count were expected", call.weights.size());
  }
  return call.weights[key == std::string("mean") ? 0 : 1]->values;
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

Result<TensorId> import_rescaling(const LayerCall& call) {
  LITEQAT_ASSIGN_OR_RETURN(const std::vector<float> scale, call.options.floats("scale"));
  std::vector<float> offset = {0.0f};
  if (!call.options.find("offset").is_null()) {
    LITEQAT_ASSIGN_OR_RETURN(offset, call.options.floats("offset"));
  }
  LITEQAT_ASSIGN_OR_RETURN(const TensorId scaled, with_constant(call, OpKind::kMul, call.x(), "scale", scale));
  if (std::ranges::all_of(offset, [](float value) { return value == 0.0f; })) return scaled;
  return with_constant(call, OpKind::kAdd, scaled, "offset", offset);
}

/// (x - mean) / max(sqrt(variance), epsilon), or its inverse. The division is a multiplication with the rounded reciprocal, since neither
/// TFLite's integer kernels nor ours divide: one rounding of float32 more.
Result<TensorId> import_normalization(const LayerCall& call) {
  constexpr float kEpsilon = 1e-7f;  // Keras' backend epsilon
  LITEQAT_ASSIGN_OR_RETURN(const std::vector<float> mean, read_statistic(call, "mean"));
  LITEQAT_ASSIGN_OR_RETURN(std::vector<float> deviation, read_statistic(call, "variance"));
  LITEQAT_ASSIGN_OR_RETURN(const bool invert, call.options.flag("invert", false));
  for (float& value : deviation) {
    value = std::max(std::sqrt(value), kEpsilon);
    if (!std::isfinite(value)) return error(Code::kOutOfRange, "its variance has no finite square root");
    if (!invert) value = 1.0f / value;
  }
  if (!std::ranges::all_of(mean, [](float value) { return std::isfinite(value); }))
    return error(Code::kOutOfRange, "its mean is not finite");
  if (invert) {
    LITEQAT_ASSIGN_OR_RETURN(const TensorId spread, with_constant(call, OpKind::kMul, call.x(), "deviation", deviation));
    return with_constant(call, OpKind::kAdd, spread, "mean", mean);
  }
  LITEQAT_ASSIGN_OR_RETURN(const TensorId centered, with_constant(call, OpKind::kSub, call.x(), "mean", mean));
  return with_constant(call, OpKind::kMul, centered, "deviation", deviation);
}

}  // namespace liteqat::formats::keras
