// Which tensors of a float training graph are fake-quantized during quantization-aware training, how each range is found, and the ranges
// themselves. Plain data: train reads and updates it, lower.h turns it into an integer graph, formats store it beside the weights.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/layer_type.h"

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
  kFixed,          // given, e.g. softmax outputs; or moved by training itself (train/learned_ranges.h)
  kShared,         // the range of quantizer `same_as`, read when used: the operator rounds on its input's grid (average pooling)
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
  std::vector<float> min = {}, max = {};  // empty with kShared
  graph::TensorId same_as = graph::kNoTensor;
  /// Rounds as TensorFlow's per-channel operator does (numeric::fake_quantize_per_channel), whatever `channels` is.
  bool per_channel_operator = false;
};

struct Plan {
  Scheme scheme = Scheme::kLiteqat8Bit;
  std::vector<Quantizer> quantizers;  // by tensor id, ascending
  bool quantize_bias = false;         // evaluation rounds biases to the int32 grid that deployment uses
  /// Outputs of the deployed operators (deployed_operators) that compute in float32, ascending. Around them quantizers stand where an
  /// integer operator writes or reads.
  std::vector<graph::TensorId> in_float = {};

  const Quantizer* find(graph::TensorId tensor) const;
  Quantizer* find(graph::TensorId tensor);
  /// The quantizer that holds the range: itself, or the one a kShared quantizer names.
  const Quantizer& range_of(const Quantizer& quantizer) const;
};

/// The float graph whose operators are those of deployment: batch norm folded, activations and padding fused. Tensor ids are kept. What a
/// layers file or a skip list names are these operators.
Result<graph::Graph> deployed_operators(const graph::Graph& graph);

/// Places quantizers on a float training graph with each range at the scheme's initial value. For kLiteqat8Bit the
/// plan is that of the folded graph, by the same tensor ids (fold_keeping_ids). layers: a choice for each of deployed_operators(graph),
/// or none: all int8, weights as the scheme has them. Fails: kUnsupported naming the operator the scheme cannot quantize, or a choice that
/// training does not know (int16x8).
Result<Plan> make_plan(const graph::Graph& graph, Scheme scheme, const std::vector<LayerChoice>& layers = {});

/// The choices that a plan was made with, for storing it beside its graph. deployed: deployed_operators of the plan's graph.
std::vector<LayerChoice> layer_choices(const graph::Graph& deployed, const Plan& plan);
/// The operators that a plan leaves in float, and why.
std::vector<FloatLayer> list_float_layers(const graph::Graph& deployed, const Plan& plan);

/// The plan by the tensor ids of another graph that has the same tensors by name. Requires: every quantized tensor is there.
Plan renumber_plan(const Plan& plan, const graph::Graph& from, const graph::Graph& to);

/// Minimum and maximum seen by every activation quantizer, as calibration found them: entry k belongs to plan.quantizers[k].
struct Observation {
  float min = 0, max = 0;
  bool seen = false;
};
void apply_observations(Plan& plan, const std::vector<Observation>& observations);
/// Activation ranges that would follow what training sees stay as they are (kFixed).
void fix_activation_ranges(Plan& plan);
/// Whether update_range() moves the quantizer's range.
bool follows_batches(const Quantizer& quantizer);
/// Whether set_weight_ranges() sets it.
bool follows_weights(const Quantizer& quantizer);

/// kLastValue's update: the range of each channel of a weight tensor (symmetric: +-max|w|).
void set_weight_range(Quantizer& quantizer, const graph::Tensor& weights);
/// The same for every weight quantizer of the plan that follows its weights (kLastValue).
void set_weight_ranges(Plan& plan, const graph::Graph& graph);
/// One training step of an activation's range: kMovingAverage and kAllValues as TFMOT computes them (float32, zero always inside);
/// the other kinds stay as they are. `steps` at once, where only every steps-th batch is seen: the average moves as far as it would by
/// as many equal batches.
void update_range(Quantizer& quantizer, float batch_min, float batch_max, int32_t steps = 1);

/// The quantizer whose grid the values of `tensor` lie on: its own, or that of the tensor which reaches it through operators that keep
/// the parameters (PAD, RESHAPE, pooling). nullptr if there is none.
const Quantizer* find_grid(const graph::Graph& graph, const Plan& plan, graph::TensorId tensor);

/// The bias of a CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED as deployment rounds it, back in float: round(b / s) * s with
/// s = input scale * weight scale. Empty if the operator has no bias, no weight quantizer or no quantized input.
std::vector<float> deployed_bias(const graph::Graph& graph, const Plan& plan, const graph::Op& op);

}  // namespace liteqat::quant
