#include "ptq/quantize.h"

namespace liteqat::ptq {

using graph::Graph;

Result<Outcome> quantize_after_training(const Request& request, const Images& images, const Machine& machine) {
  const Method& method = request.method;
  Outcome outcome;
  outcome.model = request.model;
  if (method.equalize) {
    LITEQAT_ASSIGN_OR_RETURN(quant::ChannelPeaks peaks, find_peaks(outcome.model, quant::find_equalizable(outcome.model), images, machine));
    outcome.equalized_pairs = quant::equalize_layers(outcome.model, peaks);
  }
  if (request.ranges) {
    outcome.ranges = *request.ranges;
  } else {
    LITEQAT_ASSIGN_OR_RETURN(outcome.ranges, calibrate(outcome.model, images, method.calibrator, machine));
  }
  // The weights of layers that stay in float for other reasons than being asked to have no use for codes.
  std::vector<quant::LayerChoice> settled = request.layers;
  const std::vector<quant::LayerType> types = quant::settle_types(outcome.model, request.layers, nullptr);
  for (size_t op = 0; op < settled.size(); ++op) settled[op].type = types[op];
  LITEQAT_ASSIGN_OR_RETURN(quant::WeightCodesById codes, quant::round_all_weights(outcome.model, settled));
  if (method.optimize_rounding) {
    LITEQAT_RETURN_IF_ERROR(optimize_rounding(outcome.model, images, method.sampling, machine, codes));
  }
  Graph corrected = outcome.model;
  const MatchOptions matching = {.means = method.correct_bias, .deviations = method.reestimate};
  LITEQAT_RETURN_IF_ERROR(match_outputs(images, method.sampling, matching, machine, corrected, codes));
  const quant::QuantizeRequest lowering = {.ranges = outcome.ranges, .weights = codes, .layers = request.layers};
  LITEQAT_ASSIGN_OR_RETURN(outcome.quantized, quant::quantize_graph(corrected, lowering));
  return outcome;
}

}  // namespace liteqat::ptq
