// Constant tensors of a quantized graph: weights from codes, biases, and the constant operands of elementwise operators. Internal to this
// folder.
#pragma once

#include <span>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/channel_weights.h"
#include "quant/ranges.h"

namespace liteqat::quant {

/// Parameters of a constant operand: from its own smallest and largest value; symmetric in [-127, 127] for the slopes of PRELU, as TFLite's
/// converter has them. Fails: kOutOfRange for a value that is not finite.
Result<graph::Quantization> constant_params(const graph::Tensor& values, LayerType type, bool symmetric);

/// The float constant as int8 or int16 codes. Requires: one scale.
graph::Tensor make_integer_constant(const graph::Tensor& values, graph::DType type, const graph::Quantization& params);

/// Enlarges weight scales (and rounds their codes again) where a bias would leave half of int32's range (SetBiasParamsWithAdjustments of
/// TFLite's quantization_driver.cc).
void fit_bias(std::span<const float> bias, float input_scale, const OutputChannel& channel_of, WeightCodes& codes);

/// int32 (int8 layers) or int64 codes of scale input scale * weight scale. Fails: kOutOfRange for a bias or scale that is not finite.
Result<graph::Tensor> make_integer_bias(const graph::Tensor& bias, float input_scale, std::span<const float> weight_scales, LayerType type);

void set_codes(graph::Tensor& weights, WeightCodes codes, int32_t axis);

/// The real values that all codes of an integer type span.
Range range_of_codes(const graph::Quantization& params, LayerType type);

/// "_1", "_2", ... behind names that occur before.
void make_names_unique(graph::Graph& graph);

}  // namespace liteqat::quant
