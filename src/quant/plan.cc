#include "quant/plan.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "quant/weights.h"

namespace liteqat::quant {

using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;

Result<Scheme> parse_scheme(const std::string& name) {
  for (Scheme scheme : {Scheme::kTfmot8Bit, Scheme::kLiteqat8Bit}) {
    if (name == scheme_name(scheme)) return scheme;
  }
  return error(Code::kInvalidArgument, "unknown quantization scheme \"{}\": expected tfmot_8bit or liteqat_8bit", name);
}

const char* scheme_name(Scheme scheme) {
  return scheme == Scheme::kTfmot8Bit ? "tfmot_8bit" : "liteqat_8bit";
}

const Quantizer* Plan::find(TensorId tensor) const {
  const auto found = std::ranges::lower_bound(quantizers, tensor, {}, &Quantizer::tensor);
  return found != quantizers.end() && found->tensor == tensor ? &*found : nullptr;
}

Quantizer* Plan::find(TensorId tensor) {
  return const_cast<Quantizer*>(std::as_const(*this).find(tensor));
}

const Quantizer& Plan::range_of(const Quantizer& quantizer) const {
  if (quantizer.update != RangeUpdate::kShared) return quantizer;
  const Quantizer* source = find(quantizer.same_as);
  LITEQAT_CHECK(source != nullptr && source->update != RangeUpdate::kShared);
  return *source;
}

Plan renumber_plan(const Plan& plan, const Graph& from, const Graph& to) {
  const auto renumber = [&](TensorId id) {
    const TensorId found = id == graph::kNoTensor ? id : to.find_tensor(from.tensor(id).name);
    LITEQAT_CHECK(id == graph::kNoTensor || found != graph::kNoTensor);
    return found;
  };
  Plan renumbered = plan;
  for (Quantizer& quantizer : renumbered.quantizers) {
    quantizer.tensor = renumber(quantizer.tensor);
    quantizer.same_as = renumber(quantizer.same_as);
  }
  std::ranges::sort(renumbered.quantizers, {}, &Quantizer::tensor);
  for (TensorId& id : renumbered.in_float) id = renumber(id);
  std::ranges::sort(renumbered.in_float);
  return renumbered;
}

void apply_observations(Plan& plan, const std::vector<Observation>& observations) {
  LITEQAT_CHECK_EQ(plan.quantizers.size(), observations.size());
  for (size_t k = 0; k < observations.size(); ++k) {
    Quantizer& quantizer = plan.quantizers[k];
    if (quantizer.weight || !follows_batches(quantizer) || !observations[k].seen) continue;
    quantizer.min = {std::min(observations[k].min, 0.0f)};
    quantizer.max = {std::max(observations[k].max, 0.0f)};
  }
}

bool follows_batches(const Quantizer& quantizer) {
  return quantizer.update == RangeUpdate::kMovingAverage || quantizer.update == RangeUpdate::kAllValues;
}

bool follows_weights(const Quantizer& quantizer) {
  return quantizer.weight && quantizer.update == RangeUpdate::kLastValue;
}

void fix_activation_ranges(Plan& plan) {
  for (Quantizer& quantizer : plan.quantizers) {
    if (!quantizer.weight && follows_batches(quantizer)) quantizer.update = RangeUpdate::kFixed;
  }
}

namespace {

/// [min, max] widened to hold the values. In lanes, which the compiler turns into vectors: the result does not depend on the order.
void widen(std::span<const float> values, float& min, float& max) {
  constexpr size_t kLanes = 16;
  std::array<float, kLanes> low, high;
  low.fill(min), high.fill(max);
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      low[lane] = std::min(low[lane], values[i + lane]);
      high[lane] = std::max(high[lane], values[i + lane]);
    }
  }
  for (; i < values.size(); ++i) {
    low[0] = std::min(low[0], values[i]);
    high[0] = std::max(high[0], values[i]);
  }
  for (size_t lane = 0; lane < kLanes; ++lane) {
    min = std::min(min, low[lane]);
    max = std::max(max, high[lane]);
  }
}

}  // namespace

void set_weight_range(Quantizer& quantizer, const Tensor& weights) {
  quantizer.min.assign(static_cast<size_t>(quantizer.channels), 0.0f);
  quantizer.max.assign(static_cast<size_t>(quantizer.channels), 0.0f);
  const std::span<const float> values = weights.as<float>();
  float *min = quantizer.min.data(), *max = quantizer.max.data();
  ChannelIndex(weights.shape, quantizer.channels, quantizer.axis)
      .for_runs(
          values.size(),
          [&](size_t begin, size_t count, size_t channel) { widen(values.subspan(begin, count), min[channel], max[channel]); },
          [&](size_t begin) {
            const float* row = values.data() + begin;
            for (size_t channel = 0; channel < quantizer.min.size(); ++channel) {
              min[channel] = std::min(min[channel], row[channel]);
              max[channel] = std::max(max[channel], row[channel]);
            }
          });
  if (!quantizer.symmetric) return;
  for (size_t channel = 0; channel < quantizer.min.size(); ++channel) {
    const float bound = std::max(-quantizer.min[channel], quantizer.max[channel]);
    quantizer.min[channel] = -bound;
    quantizer.max[channel] = bound;
  }
}

void set_weight_ranges(Plan& plan, const Graph& graph) {
  for (Quantizer& quantizer : plan.quantizers) {
    if (follows_weights(quantizer)) set_weight_range(quantizer, graph.tensor(quantizer.tensor));
  }
}

void update_range(Quantizer& quantizer, float batch_min, float batch_max, int32_t steps) {
  if (quantizer.update == RangeUpdate::kShared) return;  // has no range of its own
  float& min = quantizer.min[0];
  float& max = quantizer.max[0];
  batch_min = std::min(batch_min, 0.0f);
  batch_max = std::max(batch_max, 0.0f);
  if (quantizer.update == RangeUpdate::kAllValues) {
    min = std::min(min, batch_min);
    max = std::max(max, batch_max);
  } else if (quantizer.update == RangeUpdate::kMovingAverage) {
    const float step = static_cast<float>(1.0 - std::pow(static_cast<double>(quantizer.decay), steps));
    min -= (min - batch_min) * step;
    max -= (max - batch_max) * step;
  }
}

const Quantizer* find_grid(const Graph& graph, const Plan& plan, TensorId tensor) {
  while (true) {
    if (const Quantizer* quantizer = plan.find(tensor)) return &plan.range_of(*quantizer);
    const int32_t producer = graph.find_producer(tensor);
    if (producer < 0 || !keeps_parameters(graph.ops[static_cast<size_t>(producer)].kind)) return nullptr;
    tensor = graph.ops[static_cast<size_t>(producer)].inputs[0];
  }
}

std::vector<float> deployed_bias(const Graph& graph, const Plan& plan, const Op& op) {
  if (!has_weights(op.kind) || op.inputs.size() < 3 || op.inputs[2] == graph::kNoTensor) return {};
  const Quantizer* input = find_grid(graph, plan, op.inputs[0]);
  const Quantizer* weights = plan.find(op.inputs[1]);
  if (input == nullptr || weights == nullptr) return {};
  const double input_scale = numeric::converted_params(input->min[0], input->max[0], input->narrow).scale;
  const std::span<const float> bias = graph.tensor(op.inputs[2]).as<float>();
  std::vector<double> weight_scales;
  for (size_t range = 0; range < weights->min.size(); ++range) {
    weight_scales.push_back(numeric::converted_params(weights->min[range], weights->max[range], weights->narrow).scale);
  }
  const std::vector<double> scales = bias_scales(bias, input_scale, weight_scales, plan.scheme);
  std::vector<float> rounded(bias.size());
  for (size_t channel = 0; channel < bias.size(); ++channel) {
    const double scale = scales[scales.size() == 1 ? 0 : channel];
    const bool finite = std::isfinite(bias[channel] / scale);
    rounded[channel] = finite ? static_cast<float>(bias_code(bias[channel], scale) * scale) : bias[channel];
  }
  return rounded;
}

}  // namespace liteqat::quant
