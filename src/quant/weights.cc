#include "quant/weights.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace liteqat::quant {

using graph::OpKind;

namespace {

constexpr int32_t kWeightLow = -127, kWeightHigh = 127;  // -128 is excluded by the int8 specification
/// kBiasMax of tflite/converter/quantization/common/quantization_lib/quantization_driver.cc: room for the accumulator.
constexpr double kBiasMax = std::numeric_limits<int32_t>::max() / 2;

bool usable_scale(double scale) {
  const float stored = static_cast<float>(scale);
  return std::isfinite(stored) && stored > 0.0f;
}

}  // namespace

bool has_weights(OpKind kind) {
  return kind == OpKind::kConv2D || kind == OpKind::kDepthwiseConv2D || kind == OpKind::kFullyConnected;
}

bool keeps_parameters(OpKind kind) {
  return kind == OpKind::kPad || kind == OpKind::kReshape || kind == OpKind::kMaxPool2D || kind == OpKind::kAveragePool2D;
}

int32_t output_axis(OpKind kind) {
  return kind == OpKind::kDepthwiseConv2D ? 3 : 0;
}

ChannelIndex::ChannelIndex(const graph::Shape& shape, int32_t channels, int32_t axis) : channels_(static_cast<size_t>(channels)) {
  if (channels == 1) return;
  LITEQAT_CHECK(axis >= 0 && axis < static_cast<int32_t>(shape.size()));
  LITEQAT_CHECK_EQ(shape[static_cast<size_t>(axis)], channels);
  for (size_t inner = static_cast<size_t>(axis) + 1; inner < shape.size(); ++inner) inner_ *= static_cast<size_t>(shape[inner]);
}

namespace {

/// The number of scales the integer tensor has.
int32_t count_scales(const WeightSource& source) {
  const bool per_channel = source.quantizer.per_channel_operator || source.quantizer.channels > 1;
  return per_channel ? source.weights.shape[static_cast<size_t>(output_axis(source.kind))] : 1;
}

size_t range_index(const Quantizer& quantizer, size_t channel) {
  return quantizer.channels == 1 ? 0 : channel;
}

}  // namespace

Result<IntegerWeights> quantize_weights(const WeightSource& source) {
  const Quantizer& quantizer = source.quantizer;
  const std::span<const float> values = source.weights.as<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      return error(Code::kOutOfRange, "tensor \"{}\": element {} is {}, expected a finite weight", source.weights.name, i, values[i]);
    }
  }
  std::vector<double> scales;
  for (size_t channel = 0; channel < static_cast<size_t>(count_scales(source)); ++channel) {
    const size_t range = range_index(quantizer, channel);
    double scale = numeric::converted_params(quantizer.min[range], quantizer.max[range], quantizer.narrow).scale;
    if (source.multiplier != nullptr) scale *= std::abs(static_cast<double>((*source.multiplier)[channel]));
    if (!usable_scale(scale)) {
      return error(Code::kOutOfRange, "tensor \"{}\": the scale of channel {} is {}, expected a positive finite float32",
                   source.weights.name, channel, scale);
    }
    scales.push_back(scale);
  }
  IntegerWeights weights;
  requantize_weights(source, scales, weights);
  return weights;
}

void requantize_weights(const WeightSource& source, const std::vector<double>& scale, IntegerWeights& weights) {
  const std::span<const float> values = source.weights.as<float>();
  const int32_t scales = count_scales(source);
  const bool per_channel = source.quantizer.per_channel_operator || scales > 1;
  LITEQAT_CHECK_EQ(scale.size(), static_cast<size_t>(scales));
  LITEQAT_CHECK(source.multiplier == nullptr || per_channel);
  std::vector<numeric::FakeQuantParams> ranges;
  for (size_t channel = 0; channel < scale.size(); ++channel) {
    const size_t range = range_index(source.quantizer, channel);
    ranges.push_back(numeric::nudge_range(source.quantizer.min[range], source.quantizer.max[range], source.quantizer.narrow));
  }
  const ChannelIndex channel_of(source.weights.shape, scales, output_axis(source.kind));
  weights.scale = scale;
  weights.codes.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t channel = channel_of(i);
    const numeric::FakeQuantParams& range = ranges[channel];
    float value = per_channel ? numeric::fake_quantize_per_channel(values[i], range) : numeric::fake_quantize(values[i], range);
    if (source.multiplier != nullptr) value *= (*source.multiplier)[channel];
    const numeric::ConvertedParams params = {.scale = scale[channel], .zero_point = 0};
    weights.codes[i] = static_cast<int8_t>(numeric::quantize_value(value, params, kWeightLow, kWeightHigh));
  }
}

std::vector<double> bias_scales(std::span<const float> bias, double input_scale, const std::vector<double>& weight_scales, Scheme scheme) {
  std::vector<double> scales;
  double largest = 0;  // of all channels, for weights with one scale
  for (float value : bias) largest = std::max(largest, std::abs(static_cast<double>(value)));
  for (size_t channel = 0; channel < weight_scales.size(); ++channel) {
    const double product = input_scale * weight_scales[channel];
    const double magnitude = weight_scales.size() == 1 ? largest : std::abs(static_cast<double>(bias[channel]));
    const bool fits = scheme == Scheme::kTfmot8Bit || magnitude / product <= kBiasMax;
    scales.push_back(fits ? product : magnitude / kBiasMax);
  }
  return scales;
}

int32_t bias_code(float bias, double scale) {
  constexpr double kLow = std::numeric_limits<int32_t>::min(), kHigh = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(std::clamp(std::round(static_cast<double>(bias) / scale), kLow, kHigh));
}

}  // namespace liteqat::quant
