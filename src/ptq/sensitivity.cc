#include "ptq/sensitivity.h"

#include <algorithm>

#include "ptq/layer_noise.h"

namespace liteqat::ptq {

using graph::Graph;
using quant::LayerChoice;
using quant::LayerType;

Result<std::vector<LayerSensitivity>> scan_layers(const Graph& model, const quant::Ranges& ranges, const std::vector<LayerChoice>& layers,
                                                  const Images& images, const ScanOptions& options, const Machine& machine) {
  std::vector<size_t> scanned;
  const std::vector<LayerType> types = quant::settle_types(model, layers, nullptr);
  for (size_t op = 0; op < model.ops.size(); ++op) {
    if (quant::has_channel_weights(model.ops[op].kind) && types[op] == LayerType::kInt8) scanned.push_back(op);
  }
  machine.progress.begin("sensitivity", static_cast<int64_t>(scanned.size()), "layers");
  std::vector<LayerSensitivity> found;
  for (size_t op : scanned) {
    std::vector<LayerChoice> alone(layers.size(), {.type = LayerType::kFloat32});
    alone[op] = {.type = LayerType::kInt8, .per_channel = layers[op].per_channel};
    LITEQAT_ASSIGN_OR_RETURN(const quant::WeightCodesById codes, quant::round_all_weights(model, alone));
    LITEQAT_ASSIGN_OR_RETURN(const quant::QuantizedGraph mixed,
                             quant::quantize_graph(model, {.ranges = ranges, .weights = codes, .layers = alone}));
    LITEQAT_ASSIGN_OR_RETURN(const double sqnr, measure_output_noise(model, mixed.graph, images, options.images, machine));
    found.push_back({op, op_kind_name(model.ops[op].kind), model.ops[op].name, sqnr});
    machine.progress.update(static_cast<int64_t>(found.size()), "");
  }
  machine.progress.end("");
  std::ranges::stable_sort(found, {}, &LayerSensitivity::sqnr_db);
  return found;
}

}  // namespace liteqat::ptq
