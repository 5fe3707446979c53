#include "quant/channel_weights.h"

#include <algorithm>
#include <cmath>

namespace liteqat::quant {

using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::Tensor;

namespace {

constexpr float kHighestCode = 127.0f;  // -128 is excluded by the int8 specification
/// A channel of zeros: the converter widens ranges narrower than 1e-6 to +-5e-7.
constexpr float kSmallestReach = 5e-7f;

}  // namespace

int32_t weight_axis(OpKind kind) {
  return kind == OpKind::kDepthwiseConv2D ? 3 : 0;
}

OutputChannel::OutputChannel(const Tensor& weights, OpKind kind) {
  const auto axis = static_cast<size_t>(weight_axis(kind));
  channels_ = static_cast<size_t>(weights.shape[axis]);
  inner_ = 1;
  for (size_t inner = axis + 1; inner < weights.shape.size(); ++inner) inner_ *= static_cast<size_t>(weights.shape[inner]);
}

Result<WeightCodes> round_weights(const Tensor& weights, OpKind kind, bool per_channel) {
  const std::span<const float> values = weights.as<float>();
  const OutputChannel channel_of(weights, kind);
  WeightCodes rounded;
  rounded.scale.assign(per_channel ? channel_of.channels() : 1, kSmallestReach);
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      return error(Code::kOutOfRange, "weights \"{}\": element {} is {}, expected a finite value", weights.name, i, values[i]);
    }
    float& reach = rounded.scale[per_channel ? channel_of(i) : 0];
    reach = std::max(reach, std::abs(values[i]));
  }
  for (float& scale : rounded.scale) scale /= kHighestCode;
  rounded.codes.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const float inverse = 1.0f / rounded.scale[per_channel ? channel_of(i) : 0];
    rounded.codes[i] = static_cast<int8_t>(std::clamp(std::round(values[i] * inverse), -kHighestCode, kHighestCode));
  }
  return rounded;
}

std::vector<float> real_weights(const WeightCodes& codes, const Tensor& weights, OpKind kind) {
  const OutputChannel channel_of(weights, kind);
  std::vector<float> values(codes.codes.size());
  for (size_t i = 0; i < values.size(); ++i) values[i] = codes.scale[codes.scale.size() == 1 ? 0 : channel_of(i)] * codes.codes[i];
  return values;
}

Result<WeightCodesById> round_all_weights(const Graph& model, std::span<const LayerChoice> layers) {
  LITEQAT_CHECK_EQ(layers.size(), model.ops.size());
  WeightCodesById all;
  for (size_t index = 0; index < model.ops.size(); ++index) {
    const Op& op = model.ops[index];
    if (!has_channel_weights(op.kind) || layers[index].type == LayerType::kFloat32) continue;
    const Tensor& weights = model.tensor(op.inputs[1]);
    if (!weights.constant() || weights.type != graph::DType::kFloat32) continue;  // computed weights stay in float
    auto rounded = round_weights(weights, op.kind, layers[index].per_channel);
    if (!rounded.ok()) return rounded.status().with_context(format("{} \"{}\"", op_kind_name(op.kind), op.name));
    all[op.inputs[1]] = *std::move(rounded);
  }
  return all;
}

}  // namespace liteqat::quant
