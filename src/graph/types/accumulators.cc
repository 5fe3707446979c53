#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "graph/types/types.h"

namespace liteqat::graph::types {
namespace {

/// The tensors of an operator with weights; bias is null if there is none.
struct Weighted {
  const Tensor &x, &weights, &output;
  const Tensor* bias;
  int64_t channels;
  bool channels_last;  // weights are [.., channels] instead of [channels, ..]
};

bool is_code(DType type) {
  return type == DType::kInt8 || type == DType::kUInt8 || type == DType::kInt16;
}

/// Empty for float32 and hybrid operators.
std::optional<Weighted> find_quantized(const OpView& view) {
  const bool transposed = view.op.kind == OpKind::kTransposeConv;
  const size_t x = transposed ? 2 : 0, bias = transposed ? 3 : 2;
  const Tensor& weights = view.input(1);
  if (!is_code(view.input(x).type) || !is_code(weights.type) || !weights.constant() || weights.shape.empty()) return std::nullopt;
  const bool last = view.op.kind == OpKind::kDepthwiseConv2D;
  return Weighted{.x = view.input(x),
                  .weights = weights,
                  .output = view.output(),
                  .bias = view.has_input(bias) ? &view.input(bias) : nullptr,
                  .channels = last ? weights.shape.back() : weights.shape.front(),
                  .channels_last = last};
}

/// The farthest that a code lies from the zero point.
int64_t largest_offset(const Tensor& tensor) {
  const int64_t zero_point = tensor.quantization.zero_point[0];
  const int64_t low = tensor.type == DType::kUInt8 ? 0 : tensor.type == DType::kInt16 ? -32768 : -128;
  const int64_t high = tensor.type == DType::kUInt8 ? 255 : tensor.type == DType::kInt16 ? 32767 : 127;
  return std::max(zero_point - low, high - zero_point);
}

int64_t value_at(const Tensor& tensor, int64_t index) {
  const auto position = static_cast<size_t>(index);
  switch (tensor.type) {
    case DType::kInt8:
      return tensor.as<int8_t>()[position];
    case DType::kUInt8:
      return tensor.as<uint8_t>()[position];
    case DType::kInt16:
      return tensor.as<int16_t>()[position];
    case DType::kInt32:
      return tensor.as<int32_t>()[position];
    default:
      return tensor.as<int64_t>()[position];
  }
}

/// |bias| of one channel, which int64 cannot overflow here.
int64_t bias_size(const Weighted& op, int64_t channel) {
  if (op.bias == nullptr || !op.bias->constant()) return 0;
  const int64_t value = value_at(*op.bias, channel);
  return value == std::numeric_limits<int64_t>::min() ? std::numeric_limits<int64_t>::max() : std::abs(value);
}

/// The sum of |weight - zero point| that meet in one channel.
int64_t weights_size(const Weighted& op, int64_t channel, int64_t elems) {
  const int64_t zero_point = op.weights.quantization.zero_point[0];
  const int64_t per_channel = elems / op.channels;
  int64_t sum = 0;
  for (int64_t index = 0; index < per_channel; ++index) {
    sum += std::abs(value_at(op.weights, op.channels_last ? index * op.channels + channel : channel * per_channel + index) - zero_point);
  }
  return sum;
}

}  // namespace

Status check_accumulators(const OpView& view) {
  const auto op = find_quantized(view);
  if (!op) return {};
  // 64-bit sums are rescaled by a 16-bit mantissa, which TFLite defines below 2^47 (MultiplyByQuantizedMultiplier,
  // kernels/internal/common.cc).
  const bool wide = op->x.type == DType::kInt16 && (op->bias == nullptr || op->bias->type == DType::kInt64);
  const int64_t limit = int64_t{1} << (wide ? 47 : 31), elems = elem_count(op->weights.shape), offset = largest_offset(op->x);
  // Nearly every layer is so small that its weights need not be looked at.
  const bool small = elems / op->channels < limit / 2 / (offset * largest_offset(op->weights));
  for (int64_t channel = 0; channel < op->channels; ++channel) {
    const int64_t bias = bias_size(*op, channel);
    if (small && bias < limit / 2) continue;
    const int64_t products = offset * weights_size(*op, channel, elems);
    if (bias < limit && products < limit - bias) continue;
    return error(Code::kOutOfRange,
                 "{}: the sum of output channel {} can reach {} products and a bias of {}, its accumulator holds less than {}", view.where,
                 channel, products, bias, limit);
  }
  return {};
}

Status check_bias_scale(const OpView& view) {
  const auto op = find_quantized(view);
  if (!op || op->bias == nullptr || op->bias->quantization.empty()) return {};
  const std::vector<float>&scales = op->bias->quantization.scale, &weight_scales = op->weights.quantization.scale;
  if (scales.size() != 1 && static_cast<int64_t>(scales.size()) != op->channels) {
    return error(Code::kMismatch, "{}: its bias '{}' has {} scales for {} output channels", view.where, op->bias->name, scales.size(),
                 op->channels);
  }
  if (weight_scales.size() != 1 && static_cast<int64_t>(weight_scales.size()) != op->channels)
    return {};  // along another axis: refused elsewhere
  const double x_scale = op->x.quantization.scale[0], y_scale = op->output.quantization.scale[0];
  for (size_t channel = 0; channel < std::max(scales.size(), weight_scales.size()); ++channel) {
    const double weight_scale = weight_scales[weight_scales.size() == 1 ? 0 : channel], scale = scales[scales.size() == 1 ? 0 : channel];
    // TFLite's own tolerance (GetQuantizedConvolutionMultipler, kernels/kernel_util.cc): 0.02 output steps for each step of the bias.
    if (std::abs(x_scale * weight_scale - scale) / y_scale <= 0.02) continue;
    return error(Code::kMismatch, "{}: its bias '{}' has scale {} at channel {}, expected input scale {} * weights scale {} = {}",
                 view.where, op->bias->name, scale, channel, x_scale, weight_scale, x_scale * weight_scale);
  }
  return {};
}

}  // namespace liteqat::graph::types
