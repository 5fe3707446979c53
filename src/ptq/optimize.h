// What improves an integer model without training: rounding with second moments, and outputs whose means (bias correction) and deviations
// (batch norm re-estimation) are put back where the float model has them.
#pragma once

#include "ptq/rows.h"
#include "quant/channel_weights.h"
#include "quant/quantize_graph.h"

namespace liteqat::ptq {

/// Replaces the codes of layers whose rows can be sampled (rows.h) by optimized ones on the same scales. Layers of more than 2304 weights
/// an output stay rounded to nearest: their moments would take more memory than the model. Requires: codes of these layers.
Status optimize_rounding(const graph::Graph& model, const Images& images, const SampleOptions& options, const Machine& machine,
                         quant::WeightCodesById& codes);

struct MatchOptions {
  bool means = true;        // bias correction: Nagel et al. (ICCV 2019), section 4.2, with measured instead of assumed inputs
  bool deviations = false;  // re-estimation: weight scales are multiplied so that every output channel varies as in float
};

/// Corrects biases (of `model`, in place) and, per channel only, scales of `codes` so that, on the float model's inputs, the
/// pre-activations of every layer with codes have the mean (and deviation) that the float weights give. Inputs are those of the float
/// model, not of the integer one: corrections of all layers at once for what earlier layers do add up over the depth (measured: 18 instead
/// of 25 dB behind seven layers), while these are independent of each other.
Status match_outputs(const Images& images, const SampleOptions& sampling, const MatchOptions& options, const Machine& machine,
                     graph::Graph& model, quant::WeightCodesById& codes);

}  // namespace liteqat::ptq
