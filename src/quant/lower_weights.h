// Float graphs with smaller weights: float16 constants behind DEQUANTIZE, and int8 weights that hybrid kernels read (dynamic range).
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/quantize_graph.h"

namespace liteqat::quant {

/// Every float32 constant as float16, held inside +-65504, and a DEQUANTIZE before its operators. Requires: a float graph
/// (lower_to_float). Fails: kOutOfRange for a constant that is not finite.
Result<graph::Graph> lower_to_float16(const graph::Graph& model);

struct DynamicOptions {
  /// TFLite's rule: weights of fewer elements stay float32 (kWeightsMinNumElementsDefault of its quantize_weights).
  int64_t least_elements = 1024;
  bool per_channel = true;
  std::vector<std::string> skipped;  // operators that stay in float, by name
};

/// Weights of CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED with at least so many elements as int8, read by hybrid kernels that quantize
/// their input as they run; those of TRANSPOSE_CONV, which has no such kernel, as int8 behind DEQUANTIZE. Requires and fails as above.
/// float_layers: the layers with weights that stayed float, and why.
Result<graph::Graph> lower_to_dynamic(const graph::Graph& model, const DynamicOptions& options, std::vector<FloatLayer>& float_layers);

}  // namespace liteqat::quant
