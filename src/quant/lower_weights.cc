#include "quant/lower_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <utility>

#include "numeric/float16.h"
#include "quant/integer_constants.h"
#include "quant/passes.h"

namespace liteqat::quant {

using graph::DType;
using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;

namespace {

constexpr float kLargestHalf = 65504.0f;

/// A DEQUANTIZE of the stored constant, whose float value takes over its id: operators need no change.
void store_behind_dequantize(Graph& graph, TensorId id, Tensor stored, std::vector<Op>& conversions) {
  Tensor& real = graph.tensor(id);
  const std::string name = real.name;
  real.name = name + "_real";
  real.role = graph::Role::kActivation;
  real.data.clear();
  stored.name = name;
  const TensorId constant = graph.add_tensor(std::move(stored));
  conversions.push_back({.kind = OpKind::kDequantize, .name = name + "_real", .inputs = {constant}, .outputs = {id}, .params = {}});
}

Result<Tensor> narrow(const Tensor& constant) {
  Tensor half = constant;
  half.type = DType::kFloat16;
  const std::span<const float> values = constant.as<float>();
  std::vector<uint16_t> bits;
  for (float value : values) {
    if (!std::isfinite(value)) return error(Code::kOutOfRange, "constant \"{}\" holds {}, expected finite values", constant.name, value);
    bits.push_back(numeric::narrow_float16(std::clamp(value, -kLargestHalf, kLargestHalf)));
  }
  half.data.resize(bits.size() * sizeof(uint16_t));
  if (!bits.empty()) std::memcpy(half.data.data(), bits.data(), half.data.size());
  return half;
}

Result<Graph> finish(Graph graph, const std::vector<Op>& conversions) {
  graph.ops.insert(graph.ops.begin(), conversions.begin(), conversions.end());
  remove_unused_tensors(graph);
  freeze(graph);
  make_names_unique(graph);
  LITEQAT_RETURN_IF_ERROR(graph::validate(graph));
  return graph;
}

/// Why the weights of an operator stay float; empty if they become int8.
std::string why_float(const Graph& graph, const Op& op, const DynamicOptions& options) {
  const Tensor& weights = graph.tensor(op.inputs[1]);
  if (std::ranges::find(options.skipped, op.name) != options.skipped.end()) return "asked for";
  if (!weights.constant()) return "its weights are computed";
  if (graph.find_consumers(op.inputs[1]).size() != 1) return "its weights are shared with another operator";
  const int64_t elements = graph::elem_count(weights.shape);
  if (elements >= options.least_elements) return "";
  return format("{} weights, fewer than {}", elements, options.least_elements);
}

}  // namespace

Result<Graph> lower_to_float16(const Graph& model) {
  Graph graph = model;
  std::vector<Op> conversions;
  for (TensorId id = 0; id < static_cast<TensorId>(model.tensors.size()); ++id) {
    if (!model.tensor(id).constant() || model.tensor(id).type != DType::kFloat32) continue;
    LITEQAT_ASSIGN_OR_RETURN(Tensor half, narrow(model.tensor(id)));
    store_behind_dequantize(graph, id, std::move(half), conversions);
  }
  return finish(std::move(graph), conversions);
}

Result<Graph> lower_to_dynamic(const Graph& model, const DynamicOptions& options, std::vector<FloatLayer>& float_layers) {
  Graph graph = model;
  std::vector<Op> conversions;
  for (Op& op : graph.ops) {
    if (!has_channel_weights(op.kind)) continue;
    const std::string reason = why_float(model, op, options);
    if (!reason.empty()) {
      float_layers.push_back({op_kind_name(op.kind), op.name, reason});
      continue;
    }
    const TensorId weights = op.inputs[1];
    // Hybrid FULLY_CONNECTED kernels with a scale per channel are newer than the rest (version 12): one scale runs everywhere.
    const bool per_channel = options.per_channel && op.kind != OpKind::kFullyConnected;
    LITEQAT_ASSIGN_OR_RETURN(WeightCodes codes, round_weights(model.tensor(weights), op.kind, per_channel));
    if (op.kind == OpKind::kTransposeConv) {
      Tensor stored = model.tensor(weights);
      set_codes(stored, std::move(codes), weight_axis(op.kind));
      store_behind_dequantize(graph, weights, std::move(stored), conversions);
      continue;
    }
    set_codes(graph.tensor(weights), std::move(codes), weight_axis(op.kind));
    if (auto* params = std::get_if<graph::FullyConnectedParams>(&op.params)) params->asymmetric_inputs = true;
  }
  return finish(std::move(graph), conversions);
}

}  // namespace liteqat::quant
