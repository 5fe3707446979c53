// Which tensors of a float training graph are fake-quantized during quantization-aware training, how each range is found, and the ranges
// themselves. Plain data: train reads and updates it, lower.h turns it into an integer graph, formats store it beside the weights.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace liteqat::quant {

enum class Scheme {
  kTfmot8Bit,    // "tfmot_8bit": TensorFlow Model Optimization's default 8-bit scheme, faithful in placement, ranges and caveats
  kLiteqat8Bit,  // "liteqat_8bit": per-channel depthwise weights, calibrated start, batch norm folded as it will be deployed
};
Result<Scheme> parse_scheme(const std::string& name);
const char* scheme_name(Scheme scheme);

enum class RangeUpdate {
  kLastValue,      // minimum and maximum of the tensor itself, each training forward (weights)
  kMovingAverage,  // range += (batch range - range) * (1 - decay)
  kAllValues,      // running minimum and maximum
  kFixed,          // given, e.g. softmax outputs
};

/// One fake quantizer. Ranges are float32, as training sees them.
struct Quantizer {
  graph::TensorId tensor = graph::kNoTensor;
  bool weight = false;
  int32_t channels = 1;    // entries in min and max: 1 = per tensor
  int32_t axis = -1;       // the tensor axis that `channels` counts, -1 = per tensor
  bool symmetric = false;  // zero point 0, range [-a, a]
  bool narrow = false;     // 255 levels instead of 256
  RangeUpdate update = RangeUpdate::kMovingAverage;
  float decay = 0.999f;
  std::vector<float> min, max;
};

struct Plan {
  Scheme scheme = Scheme::kLiteqat8Bit;
  std::vector<Quantizer> quantizers;  // by tensor id, ascending
  bool quantize_bias = false;         // evaluation rounds biases to the int32 grid that deployment uses

  const Quantizer* find(graph::TensorId tensor) const;
  Quantizer* find(graph::TensorId tensor);
};

/// Places quantizers on a float training graph with each range at the scheme's initial value. For kLiteqat8Bit the graph must already be
/// folded (fold_batch_norm). Fails: kUnsupported naming the operator the scheme cannot quantize.
Result<Plan> make_plan(const graph::Graph& graph, Scheme scheme);

/// Minimum and maximum seen by every activation quantizer, as calibration found them: entry k belongs to plan.quantizers[k].
struct Observation {
  float min = 0, max = 0;
  bool seen = false;
};
void apply_observations(Plan& plan, const std::vector<Observation>& observations);

}  // namespace liteqat::quant
