#include "audit/measure/weights.h"

#include <algorithm>
#include <cmath>

#include "quant/dequantize.h"

namespace liteqat::audit {
namespace {

using graph::DType;
using graph::OpKind;
using graph::Tensor;

bool is_weighted(OpKind kind) {
  return kind == OpKind::kConv2D || kind == OpKind::kDepthwiseConv2D || kind == OpKind::kFullyConnected;
}

/// The axis of the output channels: the last one of depthwise weights, the first one of the others.
size_t channel_of(const Tensor& weights, OpKind kind, size_t index) {
  const size_t channels = static_cast<size_t>(kind == OpKind::kDepthwiseConv2D ? weights.shape.back() : weights.shape[0]);
  const size_t count = static_cast<size_t>(graph::elem_count(weights.shape));
  return kind == OpKind::kDepthwiseConv2D ? index % channels : index / (count / channels);
}

/// Channels with few codes, and with none but zero.
void count_codes(const Tensor& weights, OpKind kind, WeightNoise& noise) {
  const auto channels = static_cast<size_t>(kind == OpKind::kDepthwiseConv2D ? weights.shape.back() : weights.shape[0]);
  const Tensor real = quant::dequantized(weights);
  const auto values = real.as<float>();
  std::vector<double> largest(channels);
  // TFLite keeps one scale for dense weights; where channels have their own, a small one was meant to be small.
  const auto& scale_of = weights.quantization.scale;
  const bool one_scale =
      kind != OpKind::kFullyConnected && std::all_of(scale_of.begin(), scale_of.end(), [&](float scale) { return scale == scale_of[0]; });
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t channel = channel_of(weights, kind, i);
    const double scale = scale_of[channel % scale_of.size()];
    largest[channel] = std::max(largest[channel], std::fabs(static_cast<double>(values[i])) / scale);
  }
  for (size_t channel = 0; channel < channels; ++channel) {
    if (largest[channel] < 0.5) {
      noise.empty_channels.push_back(static_cast<int64_t>(channel));
    } else if (one_scale && largest[channel] < static_cast<double>(kNarrowCodes) + 0.5) {
      noise.narrow_channels.push_back(static_cast<int64_t>(channel));
    }
  }
}

/// Whether a channel's codes are these real weights rounded at the channel's scale, to nearest or one weight making up for another.
struct Rounding {
  double largest = 0, farthest = 0;  // real weight, and distance of a code from its own, in steps
  int64_t within = 0, total = 0;     // a step

  void add(double steps, double code, double last_code) {
    const double distance = std::fabs(std::clamp(steps, -last_code, last_code) - code);
    largest = std::max(largest, std::fabs(steps)), farthest = std::max(farthest, distance);
    within += distance <= 2 * kHalfStep, ++total;
  }
  bool holds(double last_code) const {
    const bool scaled = std::fabs(largest - last_code) <= kLargestOff;
    return farthest <= kHalfStep || (scaled && static_cast<double>(within) >= kWithinAStep * static_cast<double>(total));
  }
};

double rounded_share(const Tensor& weights, const Tensor& real, OpKind kind) {
  const auto channels = static_cast<size_t>(kind == OpKind::kDepthwiseConv2D ? weights.shape.back() : weights.shape[0]);
  const Tensor own = quant::dequantized(weights);
  const auto codes = own.as<float>(), values = real.as<float>();
  const auto& scale_of = weights.quantization.scale;
  const double last_code = weights.type == DType::kUInt8 ? 255 : 127;  // TFLite's int8 weights are symmetric
  std::vector<Rounding> roundings(channels);
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t channel = channel_of(weights, kind, i);
    const double scale = scale_of[channel % scale_of.size()];
    roundings[channel].add(static_cast<double>(values[i]) / scale, static_cast<double>(codes[i]) / scale, last_code);
  }
  if (scale_of.size() == 1) {  // the largest weight is that of all channels
    double largest = 0;
    for (const Rounding& rounding : roundings) largest = std::max(largest, rounding.largest);
    for (Rounding& rounding : roundings) rounding.largest = largest;
  }
  const auto holding =
      std::count_if(roundings.begin(), roundings.end(), [&](const Rounding& rounding) { return rounding.holds(last_code); });
  return static_cast<double>(holding) / static_cast<double>(channels);
}

double sqnr(std::span<const float> expected, std::span<const float> got) {
  double signal = 0, noise = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = static_cast<double>(expected[i]) - static_cast<double>(got[i]);
    signal += static_cast<double>(expected[i]) * static_cast<double>(expected[i]), noise += difference * difference;
  }
  return noise > 0 && signal > 0 ? std::min(kEqualDb, 10 * std::log10(signal / noise)) : kEqualDb;
}

const Tensor* constant_input(const graph::Graph& graph, const graph::Op& op, size_t index) {
  if (op.inputs.size() <= index || op.inputs[index] == graph::kNoTensor) return nullptr;
  const Tensor& tensor = graph.tensor(op.inputs[index]);
  return tensor.constant() ? &tensor : nullptr;
}

/// Largest difference of the biases in steps of the output; an omitted bias is zero.
double compare_bias(const graph::Graph& model, const graph::Op& op, const graph::Graph& twin, const graph::Op& twin_op) {
  const graph::Quantization& output = model.tensor(op.outputs[0]).quantization;
  const Tensor *own = constant_input(model, op, 2), *real = constant_input(twin, twin_op, 2);
  if (output.scale.size() != 1 || (own == nullptr && real == nullptr)) return 0;
  if ((real != nullptr && real->type != DType::kFloat32) || (own != nullptr && own->quantization.empty())) return 0;
  const Tensor codes = own != nullptr ? quant::dequantized(*own) : Tensor{};
  const size_t count = static_cast<size_t>(graph::elem_count((own != nullptr ? own : real)->shape));
  double largest = 0;
  for (size_t i = 0; i < count; ++i) {
    const double here = own != nullptr ? static_cast<double>(codes.as<float>()[i]) : 0;
    const double there = real != nullptr && i < real->as<float>().size() ? static_cast<double>(real->as<float>()[i]) : 0;
    largest = std::max(largest, std::fabs(here - there));
  }
  return largest / static_cast<double>(output.scale[0]);
}

}  // namespace

bool same_training(const LayerStudy& study) {
  if (study.own_weights) return true;
  std::vector<double> shares;
  for (const LayerNoise& layer : study.layers) {
    if (layer.weights && layer.weights->rounded) shares.push_back(*layer.weights->rounded);
  }
  if (shares.empty()) return false;
  const auto middle = shares.begin() + static_cast<ptrdiff_t>(shares.size() / 2);
  std::nth_element(shares.begin(), middle, shares.end());
  return *middle >= kRoundedShare;
}

std::optional<WeightNoise> compare_weights(const graph::Graph& model, const graph::Op& op, const graph::Graph& twin,
                                           const graph::Op& twin_op, bool own_weights) {
  if (!is_weighted(op.kind)) return std::nullopt;
  const Tensor *weights = constant_input(model, op, 1), *real = constant_input(twin, twin_op, 1);
  if (weights == nullptr || weights->quantization.empty()) return std::nullopt;
  WeightNoise noise;
  count_codes(*weights, op.kind, noise);
  if (own_weights || real == nullptr || real->type != DType::kFloat32 || real->shape != weights->shape) return noise;
  const Tensor own = quant::dequantized(*weights);
  noise.sqnr_db = sqnr(real->as<float>(), own.as<float>());
  noise.rounded = rounded_share(*weights, *real, op.kind);
  noise.bias_steps = compare_bias(model, op, twin, twin_op);
  return noise;
}

}  // namespace liteqat::audit
