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
  int rounds = 2;           // a layer's correction changes what those after it see
};

/// Runs the integer model that request describes and corrects `corrected` (biases) and `codes` (scales; per channel only) so that the
/// sampled pre-activations of every integer layer have the float model's mean and deviation. request.weights must be `codes`.
Status match_outputs(const graph::Graph& model, const quant::QuantizeRequest& request, const Images& images, const SampleOptions& sampling,
                     const MatchOptions& options, const Machine& machine, graph::Graph& corrected, quant::WeightCodesById& codes);

}  // namespace liteqat::ptq
