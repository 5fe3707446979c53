#include "quant/equalize.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "quant/channel_weights.h"
#include "quant/passes.h"

namespace liteqat::quant {

using graph::Activation;
using graph::Graph;
using graph::kNoTensor;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;

namespace {

constexpr int kMostRounds = 20;
constexpr float kSettled = 0.01f;
constexpr float kBound = 6.0f;

bool is_layer(const Graph& model, const Op& op) {
  if (op.kind != OpKind::kConv2D && op.kind != OpKind::kDepthwiseConv2D && op.kind != OpKind::kFullyConnected) return false;
  const TensorId bias = op.inputs.size() > 2 ? op.inputs[2] : kNoTensor;
  const auto own = [&](TensorId id) { return model.tensor(id).constant() && model.find_consumers(id).size() == 1; };
  return own(op.inputs[1]) && (bias == kNoTensor || own(bias));
}

/// The layer that alone reads the output of `op`, if the factors of its output channels can move there.
const Op* find_next(const Graph& model, const Op& op) {
  const Op* next = single_consumer(model, op.outputs[0]);
  if (next == nullptr || !is_layer(model, *next) || next->inputs[0] != op.outputs[0]) return nullptr;
  const Activation activation = graph::fused_activation(op);
  if (activation != Activation::kNone && activation != Activation::kRelu && activation != Activation::kRelu6) return nullptr;
  const Tensor &mine = model.tensor(op.inputs[1]), &theirs = model.tensor(next->inputs[1]);
  const int32_t channels = mine.shape[static_cast<size_t>(weight_axis(op.kind))];
  if (next->kind == OpKind::kDepthwiseConv2D) {
    return next->params_as<graph::DepthwiseConv2DParams>().depth_multiplier == 1 && theirs.shape[3] == channels ? next : nullptr;
  }
  return theirs.shape.back() == channels ? next : nullptr;  // no groups, no flattened images
}

/// Input channel of every element of the next layer's weights: the last axis, which for a depthwise layer counts both.
size_t input_channel(const Tensor& weights, size_t element) {
  return element % static_cast<size_t>(weights.shape.back());
}

std::vector<float> output_reach(const Tensor& weights, OpKind kind) {
  const OutputChannel channel_of(weights, kind);
  std::vector<float> reach(channel_of.channels(), 0.0f);
  const auto values = weights.as<float>();
  for (size_t i = 0; i < values.size(); ++i) reach[channel_of(i)] = std::max(reach[channel_of(i)], std::abs(values[i]));
  return reach;
}

std::vector<float> input_reach(const Tensor& weights) {
  std::vector<float> reach(static_cast<size_t>(weights.shape.back()), 0.0f);
  const auto values = weights.as<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    float& channel = reach[input_channel(weights, i)];
    channel = std::max(channel, std::abs(values[i]));
  }
  return reach;
}

/// What the channel's output is divided by: sqrt(r1 r2) / r2, so that both layers reach as far. RELU6's bound must not start or stop to
/// cut.
std::vector<float> choose_factors(const Graph& model, const Op& op, const Op& next, const ChannelPeaks& peaks) {
  const std::vector<float> first = output_reach(model.tensor(op.inputs[1]), op.kind), second = input_reach(model.tensor(next.inputs[1]));
  const bool bounded = graph::fused_activation(op) == Activation::kRelu6;
  const auto known = peaks.find(model.tensor(op.outputs[0]).name);
  std::vector<float> factors(first.size(), 1.0f);
  for (size_t channel = 0; channel < factors.size(); ++channel) {
    if (first[channel] <= 0.0f || second[channel] <= 0.0f) continue;
    float factor = std::sqrt(first[channel] / second[channel]);
    if (bounded) {
      const float peak = known == peaks.end() ? kBound : known->second[channel];
      factor = peak >= kBound ? 1.0f : std::max(factor, peak / kBound * 1.001f);  // a little room, so that it does not touch the bound
    }
    if (std::isfinite(factor) && factor > 0.0f) factors[channel] = factor;
  }
  return factors;
}

void apply_factors(Graph& model, const Op& op, const Op& next, const std::vector<float>& factors, ChannelPeaks& peaks) {
  Tensor& weights = model.tensor(op.inputs[1]);
  const OutputChannel channel_of(weights, op.kind);
  const std::span<float> values = weights.as<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] /= factors[channel_of(i)];
  if (op.inputs.size() > 2 && op.inputs[2] != kNoTensor) {
    const std::span<float> bias = model.tensor(op.inputs[2]).as<float>();
    for (size_t channel = 0; channel < bias.size(); ++channel) bias[channel] /= factors[channel];
  }
  Tensor& after = model.tensor(next.inputs[1]);
  const std::span<float> next_values = after.as<float>();
  for (size_t i = 0; i < next_values.size(); ++i) next_values[i] *= factors[input_channel(after, i)];
  const auto known = peaks.find(model.tensor(op.outputs[0]).name);
  if (known == peaks.end()) return;
  for (size_t channel = 0; channel < factors.size(); ++channel) known->second[channel] /= factors[channel];
}

}  // namespace

std::vector<TensorId> find_equalizable(const Graph& model) {
  std::vector<TensorId> tensors;
  for (const Op& op : model.ops) {
    if (is_layer(model, op) && find_next(model, op) != nullptr) tensors.push_back(op.outputs[0]);
  }
  return tensors;
}

int equalize_layers(Graph& model, ChannelPeaks& peaks) {
  std::set<TensorId> equalized;
  for (int round = 0; round < kMostRounds; ++round) {
    float largest = 0;
    for (const Op& op : model.ops) {
      const Op* next = is_layer(model, op) ? find_next(model, op) : nullptr;
      if (next == nullptr) continue;
      const std::vector<float> factors = choose_factors(model, op, *next, peaks);
      for (float factor : factors) largest = std::max(largest, std::abs(std::log(factor)));
      apply_factors(model, op, *next, factors, peaks);
      equalized.insert(op.outputs[0]);
    }
    if (largest < kSettled) break;
  }
  return static_cast<int>(equalized.size());
}

}  // namespace liteqat::quant
