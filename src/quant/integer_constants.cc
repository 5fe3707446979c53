#include "quant/integer_constants.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

namespace liteqat::quant {

using graph::DType;
using graph::Quantization;
using graph::Tensor;

namespace {

template <typename T>
void set_data(Tensor& tensor, DType type, const std::vector<T>& values) {
  tensor.type = type;
  tensor.data.resize(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
}

template <typename T>
std::vector<T> codes_of(std::span<const float> values, const Quantization& params) {
  std::vector<T> codes;
  for (float value : values) {
    const double code = std::round(static_cast<double>(value) / params.scale[0]) + static_cast<double>(params.zero_point[0]);
    codes.push_back(static_cast<T>(std::clamp<double>(code, std::numeric_limits<T>::min(), std::numeric_limits<T>::max())));
  }
  return codes;
}

}  // namespace

Result<Quantization> constant_params(const Tensor& values, LayerType type, bool symmetric) {
  Range range;
  for (float value : values.as<float>()) {
    if (!std::isfinite(value)) return error(Code::kOutOfRange, "constant \"{}\" holds {}, expected finite values", values.name, value);
    range = hull(range, {value, value});
  }
  if (!symmetric || type == LayerType::kInt16x8) return activation_params(range, type, values.name);
  return Quantization{.scale = {std::max({-range.min, range.max, 5e-7f}) / 127.0f}, .zero_point = {0}};
}

Tensor make_integer_constant(const Tensor& values, DType type, const Quantization& params) {
  Tensor integer = values;
  integer.quantization = params;
  const std::span<const float> reals = values.as<float>();
  if (type == DType::kInt8) {
    set_data(integer, type, codes_of<int8_t>(reals, params));
  } else {
    set_data(integer, type, codes_of<int16_t>(reals, params));
  }
  return integer;
}

void fit_bias(std::span<const float> bias, float input_scale, const OutputChannel& channel_of, WeightCodes& codes) {
  constexpr double kBiasMax = std::numeric_limits<int32_t>::max() / 2;
  std::vector<float> scales = codes.scale;
  for (size_t channel = 0; channel < bias.size(); ++channel) {
    float& scale = scales[scales.size() == 1 ? 0 : channel];
    const double magnitude = std::abs(static_cast<double>(bias[channel]));
    if (std::isfinite(magnitude) && magnitude / (static_cast<double>(input_scale) * scale) > kBiasMax) {
      scale = static_cast<float>(magnitude / kBiasMax / input_scale);
    }
  }
  if (scales == codes.scale) return;
  for (size_t i = 0; i < codes.codes.size(); ++i) {
    const size_t index = scales.size() == 1 ? 0 : channel_of(i);
    const double real = static_cast<double>(codes.codes[i]) * codes.scale[index];
    codes.codes[i] = static_cast<int8_t>(std::clamp(std::round(real / scales[index]), -127.0, 127.0));
  }
  codes.scale = std::move(scales);
}

Result<Tensor> make_integer_bias(const Tensor& bias, float input_scale, std::span<const float> weight_scales, LayerType type) {
  const std::span<const float> values = bias.as<float>();
  std::vector<int64_t> wide;
  std::vector<int32_t> narrow;
  Tensor integer = bias;
  integer.quantization = {.scale = {}, .zero_point = std::vector<int64_t>(weight_scales.size(), 0), .axis = 0};
  for (float scale : weight_scales) integer.quantization.scale.push_back(input_scale * scale);
  for (size_t channel = 0; channel < values.size(); ++channel) {
    const float scale = integer.quantization.scale[weight_scales.size() == 1 ? 0 : channel];
    if (!std::isfinite(values[channel]) || !std::isfinite(scale) || scale <= 0.0f) {
      return error(Code::kOutOfRange, "bias \"{}\": channel {} is {} and its scale {}, expected finite values and a positive scale",
                   bias.name, channel, values[channel], scale);
    }
    const double code = std::round(static_cast<double>(values[channel]) / scale);
    constexpr double kReach = std::numeric_limits<int32_t>::max(), kWideReach = 140737488355327.0;  // 2^47 - 1: the wide accumulator
    narrow.push_back(static_cast<int32_t>(std::clamp(code, -kReach, kReach)));
    wide.push_back(static_cast<int64_t>(std::clamp(code, -kWideReach, kWideReach)));
  }
  if (type == LayerType::kInt8) {
    set_data(integer, DType::kInt32, narrow);
  } else {
    set_data(integer, DType::kInt64, wide);
  }
  return integer;
}

void set_codes(Tensor& weights, WeightCodes codes, int32_t axis) {
  set_data(weights, DType::kInt8, codes.codes);
  weights.quantization = {
      .scale = codes.scale, .zero_point = std::vector<int64_t>(codes.scale.size(), 0), .axis = codes.scale.size() > 1 ? axis : 0};
}

Range range_of_codes(const Quantization& params, LayerType type) {
  const double low = type == LayerType::kInt8 ? -128 : -32768, high = type == LayerType::kInt8 ? 127 : 32767;
  const double scale = params.scale[0], zero_point = static_cast<double>(params.zero_point[0]);
  return {static_cast<float>((low - zero_point) * scale), static_cast<float>((high - zero_point) * scale)};
}

void make_names_unique(graph::Graph& graph) {
  std::set<std::string> taken;
  for (Tensor& tensor : graph.tensors) {
    const std::string name = tensor.name;
    for (int suffix = 1; !taken.insert(tensor.name).second; ++suffix) tensor.name = format("{}_{}", name, suffix);
  }
}

}  // namespace liteqat::quant
