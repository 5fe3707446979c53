// Back from deployed graphs: float constants out of stored ones, float graphs out of integer ones.
#pragma once

#include "base/status.h"
#include "graph/graph.h"

namespace liteqat::quant {

/// The code at a place. Requires: an integer tensor.
int64_t code_at(const graph::Tensor& tensor, size_t element);

/// A constant of codes (or float16) as float32: scale * (code - zero point), computed in double and rounded once. Requires: scales where
/// the type is an integer.
graph::Tensor dequantized(graph::Tensor tensor);

/// Every DEQUANTIZE of a constant (float16 or integer weights of a float model) becomes the float32 constant it computes, exactly. Tensor
/// ids stay valid; what fell out of use stays too.
void fold_dequantized_constants(graph::Graph& graph);

/// kUnsupported with the first tensor that holds codes instead of values; ok for graphs that compute in float32 throughout.
Status check_float(const graph::Graph& graph);

/// The float32 graph that an integer (int8, uint8, int16x8) or hybrid graph stands for: constants as the values of their codes, QUANTIZE
/// and DEQUANTIZE gone, inputs and outputs float32 in real units. A weighted operator or ADD without activation whose output codes end at
/// zero point, so that it can give no negative value, gets a RELU. Other saturation and all rounding of activations are not in it.
/// Requires: a valid graph. Fails: kUnsupported for an output that is nothing but an input or a constant, and for tensors of codes without
/// scale.
Result<graph::Graph> dequantize_graph(const graph::Graph& model);

}  // namespace liteqat::quant
