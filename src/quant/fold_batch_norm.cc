#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <utility>

#include "quant/lower.h"
#include "quant/passes.h"
#include "quant/weights.h"

namespace liteqat::quant {

using graph::Graph;
using graph::kNoTensor;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;

namespace {

/// Batch norm as x * scale + offset, in float32 and in the order of TFLite's converter (FusedBatchNormV3Pat in
/// tflite/converter/transforms/prepare_tf.cc): scale = gamma * rsqrt(variance + epsilon), offset = beta - mean * scale. The reciprocal
/// root is rounded correctly; TensorFlow's comes from the CPU's approximation and one Newton step, so it differs in the last bit on
/// about a fifth of all channels and between CPUs.
struct Affine {
  std::vector<float> scale, offset;
};

Affine make_affine(const Graph& graph, const Op& batch_norm) {
  const std::span<const float> gamma = graph.tensor(batch_norm.inputs[1]).as<float>();
  const std::span<const float> beta = graph.tensor(batch_norm.inputs[2]).as<float>();
  const std::span<const float> mean = graph.tensor(batch_norm.inputs[3]).as<float>();
  const std::span<const float> variance = graph.tensor(batch_norm.inputs[4]).as<float>();
  const float epsilon = batch_norm.params_as<graph::BatchNormParams>().epsilon;
  Affine affine;
  for (size_t channel = 0; channel < gamma.size(); ++channel) {
    const float inverse_deviation = static_cast<float>(1.0 / std::sqrt(static_cast<double>(variance[channel] + epsilon)));
    const float scale = gamma[channel] * inverse_deviation;
    affine.scale.push_back(scale);
    affine.offset.push_back(beta[channel] - mean[channel] * scale);
  }
  return affine;
}

Status check_foldable(const Graph& graph, const Op& batch_norm) {
  const int32_t producer = graph.find_producer(batch_norm.inputs[0]);
  if (producer < 0 || !has_weights(graph.ops[static_cast<size_t>(producer)].kind)) {
    return op_error(Code::kUnsupported, graph, batch_norm,
                    "batch norm can be folded only directly after CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED");
  }
  const Op& op = graph.ops[static_cast<size_t>(producer)];
  if (single_consumer(graph, batch_norm.inputs[0]) != &batch_norm) {
    return op_error(Code::kUnsupported, graph, batch_norm, "cannot be folded: its input is used elsewhere too");
  }
  for (size_t input = 1; input < op.inputs.size(); ++input) {
    if (op.inputs[input] != kNoTensor && graph.find_consumers(op.inputs[input]).size() != 1) {
      return op_error(Code::kUnsupported, graph, op,
                      "batch norm cannot be folded: the weights or the bias are shared with another operator");
    }
  }
  return {};
}

/// to = from times its channel's scale, of weights with this output axis. In place, or without overlap.
void scale_weights(const Tensor& weights, int32_t axis, const Affine& affine, const float* from, float* to) {
  const float* scale = affine.scale.data();
  const size_t channels = affine.scale.size();
  ChannelIndex(weights.shape, static_cast<int32_t>(channels), axis)
      .for_runs(
          weights.as<float>().size(),
          [&](size_t begin, size_t count, size_t channel) {
            const float factor = scale[channel];
            for (size_t i = begin; i < begin + count; ++i) to[i] = from[i] * factor;
          },
          [&](size_t begin) {
            for (size_t channel = 0; channel < channels; ++channel) to[begin + channel] = from[begin + channel] * scale[channel];
          });
}

float fold_bias(const Affine& affine, size_t channel, float bias) {
  return bias * affine.scale[channel] + affine.offset[channel];
}

void fold(Graph& graph, Op& op, const Affine& affine) {
  Tensor& weights = graph.tensor(op.inputs[1]);
  scale_weights(weights, output_axis(op.kind), affine, weights.as<float>().data(), weights.as<float>().data());
  const std::span<float> bias = graph.tensor(op.inputs[2]).as<float>();
  for (size_t channel = 0; channel < bias.size(); ++channel) bias[channel] = fold_bias(affine, channel, bias[channel]);
}

}  // namespace

Status fold_batch_norms(Graph& graph, Multipliers* multipliers) {
  for (size_t index = 0; index < graph.ops.size(); ++index) {
    if (graph.ops[index].kind != OpKind::kBatchNorm) continue;
    LITEQAT_RETURN_IF_ERROR(check_foldable(graph, graph.ops[index]));
  }
  add_missing_biases(graph);
  for (size_t index = 0; index < graph.ops.size();) {
    if (graph.ops[index].kind != OpKind::kBatchNorm) {
      ++index;
      continue;
    }
    const Op batch_norm = std::move(graph.ops[index]);
    graph.ops.erase(graph.ops.begin() + static_cast<std::ptrdiff_t>(index));
    Op& op = graph.ops[static_cast<size_t>(graph.find_producer(batch_norm.inputs[0]))];
    Affine affine = make_affine(graph, batch_norm);
    fold(graph, op, affine);
    op.outputs = batch_norm.outputs;
    if (multipliers != nullptr) (*multipliers)[op.inputs[1]] = std::move(affine.scale);
  }
  return {};
}

namespace {

/// One value a channel as a tensor of its own.
TensorId add_channel_constant(Graph& graph, const std::string& name, const std::vector<float>& values) {
  Tensor tensor;
  tensor.name = name;
  tensor.shape = {static_cast<int32_t>(values.size())};
  tensor.role = graph::Role::kConstant;
  tensor.data.resize(values.size() * sizeof(float));
  if (!values.empty()) std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return graph.add_tensor(std::move(tensor));
}

}  // namespace

void split_unfoldable_batch_norms(Graph& graph) {
  for (size_t index = 0; index < graph.ops.size(); ++index) {
    if (graph.ops[index].kind != OpKind::kBatchNorm || check_foldable(graph, graph.ops[index]).ok()) continue;
    const Op batch_norm = graph.ops[index];
    const Affine affine = make_affine(graph, batch_norm);
    Tensor product;
    product.name = batch_norm.name + "/mul";
    product.shape = graph.tensor(batch_norm.outputs[0]).shape;
    const TensorId scaled = graph.add_tensor(std::move(product));
    const TensorId scale = add_channel_constant(graph, batch_norm.name + "/scale", affine.scale);
    const TensorId offset = add_channel_constant(graph, batch_norm.name + "/offset", affine.offset);
    graph.ops[index] = {.kind = OpKind::kAdd,
                        .name = batch_norm.name,
                        .inputs = {scaled, offset},
                        .outputs = batch_norm.outputs,
                        .params = graph::ArithmeticParams{}};
    graph.ops.insert(graph.ops.begin() + static_cast<std::ptrdiff_t>(index), Op{.kind = OpKind::kMul,
                                                                                .name = batch_norm.name + "/mul",
                                                                                .inputs = {batch_norm.inputs[0], scale},
                                                                                .outputs = {scaled},
                                                                                .params = graph::ArithmeticParams{}});
    ++index;
  }
}

Result<Graph> fold_keeping_ids(const Graph& model) {
  LITEQAT_RETURN_IF_ERROR(graph::validate(model));
  Graph folded = model;
  LITEQAT_RETURN_IF_ERROR(fold_batch_norms(folded, nullptr));
  return folded;
}

std::vector<FoldedTensor> find_folded_tensors(const Graph& model, const Graph& folded) {
  std::vector<FoldedTensor> found;
  std::set<TensorId> computed;
  for (const Op& op : folded.ops) {
    if (!has_weights(op.kind)) continue;
    const Op& source = model.ops[static_cast<size_t>(model.find_consumers(op.inputs[1])[0])];
    const Op* next = single_consumer(model, source.outputs[0]);
    if (next == nullptr || next->kind != OpKind::kBatchNorm) continue;
    const auto batch_norm = static_cast<int32_t>(next - model.ops.data());
    found.push_back({op.inputs[1], op.inputs[1], batch_norm, output_axis(op.kind)});
    const bool has_bias = source.inputs.size() > 2 && source.inputs[2] != kNoTensor;
    found.push_back({op.inputs[2], has_bias ? op.inputs[2] : kNoTensor, batch_norm});
    computed.insert({op.inputs[1], op.inputs[2]});
  }
  for (size_t index = 0; index < model.tensors.size(); ++index) {
    const auto id = static_cast<TensorId>(index);
    if (model.tensors[index].role == graph::Role::kParameter && !computed.contains(id)) found.push_back({id, id});
  }
  return found;
}

void fold_again(const Graph& model, const FoldedTensor& tensor, Graph& folded) {
  const std::span<float> to = folded.tensor(tensor.id).as<float>();
  const std::span<const float> from = tensor.source == kNoTensor ? std::span<const float>() : model.tensor(tensor.source).as<float>();
  if (tensor.batch_norm < 0) {
    std::ranges::copy(from, to.begin());
    return;
  }
  const Affine affine = make_affine(model, model.ops[static_cast<size_t>(tensor.batch_norm)]);
  if (tensor.axis >= 0) return scale_weights(model.tensor(tensor.source), tensor.axis, affine, from.data(), to.data());
  for (size_t channel = 0; channel < to.size(); ++channel) to[channel] = fold_bias(affine, channel, from.empty() ? 0.0f : from[channel]);
}

Result<Graph> fold_batch_norm(const Graph& model) {
  LITEQAT_ASSIGN_OR_RETURN(Graph folded, fold_keeping_ids(model));
  remove_unused_tensors(folded);
  LITEQAT_RETURN_IF_ERROR(graph::validate(folded));
  return folded;
}

}  // namespace liteqat::quant
