// The float twin of an integer graph: the same operators and weights in float32, QUANTIZE and DEQUANTIZE left out. What differs between the
// two is rounding and saturation of activations alone, so that they can be measured without the model it was converted from.
#pragma once

#include "base/status.h"
#include "graph/graph.h"

namespace liteqat::audit {

/// Whether any operator computes on integer codes.
bool is_integer_graph(const graph::Graph& graph);

/// Fails: kUnsupported for an operator whose inputs have codes without scale.
Result<graph::Graph> make_float_twin(const graph::Graph& graph);

/// Operators other than QUANTIZE and DEQUANTIZE, by index.
std::vector<int32_t> computing_ops(const graph::Graph& graph);

/// The same operators on the same output shapes, in the same order.
bool same_operators(const graph::Graph& a, const graph::Graph& b);

}  // namespace liteqat::audit
