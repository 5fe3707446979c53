// Post-training quantization of a float graph: every operator in the type that is asked for where TFLite has a kernel, in float between
// DEQUANTIZE and QUANTIZE where not. Ranges and weight codes come in as data; nothing is run here.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/channel_weights.h"
#include "quant/layer_type.h"
#include "quant/lower.h"
#include "quant/ranges.h"

namespace liteqat::quant {

struct QuantizeRequest {
  const Ranges& ranges;
  const WeightCodesById& weights;   // of all operators with weights that are not float
  std::vector<LayerChoice> layers;  // one per operator of the graph
};

struct QuantizedGraph {
  graph::Graph graph;
  std::vector<int32_t> op_of;  // operator of the float graph -> of the integer graph
  std::vector<FloatLayer> float_layers;
};

/// The type each operator really gets: as asked, but float where there is no kernel, and operators that only move values follow the type of
/// what they move. Adds the reasons for those that were asked to be integers to float_layers, if given.
std::vector<LayerType> settle_types(const graph::Graph& model, const std::vector<LayerChoice>& layers,
                                    std::vector<FloatLayer>* float_layers);

/// Groups of tensors that share scale and zero point because operators move or compare their codes: entry t is the group's first tensor.
/// The range of a group is the hull of its members'.
std::vector<graph::TensorId> tie_tensors(const graph::Graph& model, const std::vector<LayerType>& types);

/// Inputs and outputs stay float32. Requires: a fused float graph (lower_to_float). Fails: kNotFound naming a tensor without range,
/// kOutOfRange for ranges, weights or biases that give no scale.
Result<QuantizedGraph> quantize_graph(const graph::Graph& model, const QuantizeRequest& request);

/// Inputs and outputs of an integer model as int8, or as uint8 with a zero point 128 higher: the QUANTIZE and DEQUANTIZE at its ends fall
/// away or change between the two types. Fails: kUnsupported naming an input or output that is not quantized to int8 right there.
Result<graph::Graph> change_io(const graph::Graph& model, IoType io);

}  // namespace liteqat::quant
