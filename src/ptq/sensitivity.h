// Which layers cost most when they are quantized, and what it takes to spare them: mixed precision.
#pragma once

#include "ptq/quantize.h"

namespace liteqat::ptq {

struct LayerSensitivity {
  size_t op = 0;  // in the float graph
  std::string kind, name;
  double sqnr_db = 0;  // of the model's output when this layer alone is in int8
};

struct ScanOptions {
  int64_t images = 64;  // the first so many
};

/// Every layer with weights in int8 alone, all others in float; the worst first. Ranges must be known for all activations.
Result<std::vector<LayerSensitivity>> scan_layers(const graph::Graph& model, const quant::Ranges& ranges,
                                                  const std::vector<quant::LayerChoice>& layers, const Images& images,
                                                  const ScanOptions& options, const Machine& machine);

}  // namespace liteqat::ptq
