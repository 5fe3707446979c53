// Puts one fault into a .tflite model and writes it again: what a broken converter, a wrong calibration or a bug would have left.
//
//   edit_tflite IN OUT scale TENSOR FACTOR          the activation's scale times FACTOR; consumers' biases follow, ranges do not
//   edit_tflite IN OUT zero_point TENSOR DELTA      its zero point moved by DELTA
//   edit_tflite IN OUT stale_scale TENSOR FACTOR    its scale times FACTOR, biases left as they were computed for the old one
//   edit_tflite IN OUT channels OPERATOR FIRST END  weights and biases of the channels [FIRST, END) zero
//   edit_tflite IN OUT per_tensor OPERATOR          weights quantized again with the largest channel's scale for all, biases too
//   edit_tflite IN OUT uneven OPERATOR RATIO        weight scales and biases of channel c divided by RATIO ^ c: codes stay, sizes spread
//   edit_tflite IN OUT no_bias OPERATOR             biases zero
//   edit_tflite IN OUT shuffle OPERATOR             weights rotated by one output channel, biases and scales left
//   edit_tflite IN OUT list                         operators and output tensors, one a line; OUT is not written
//
// OPERATOR is an index; TENSOR the index of the operator that computes it, or -1 for the model's input. Tensors whose parameters must be
// equal (in and out of RESHAPE and pooling) change together.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "formats/tflite/tflite.h"

namespace {

using liteqat::graph::Graph;
using liteqat::graph::Op;
using liteqat::graph::OpKind;
using liteqat::graph::Tensor;
using liteqat::graph::TensorId;

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "edit_tflite: %s\n", message.c_str());
  std::exit(3);
}

bool keeps_parameters(OpKind kind) {
  return kind == OpKind::kReshape || kind == OpKind::kMaxPool2D || kind == OpKind::kAveragePool2D || kind == OpKind::kPad;
}

bool is_weighted(OpKind kind) {
  return kind == OpKind::kConv2D || kind == OpKind::kDepthwiseConv2D || kind == OpKind::kFullyConnected;
}

Op& operator_at(Graph& graph, int index) {
  if (index < 0 || index >= static_cast<int>(graph.ops.size())) fail("no such operator");
  return graph.ops[static_cast<size_t>(index)];
}

TensorId tensor_of(Graph& graph, int index) {
  return index < 0 ? graph.inputs[0] : operator_at(graph, index).outputs[0];
}

/// The tensor and those that share its parameters.
std::set<TensorId> tied(const Graph& graph, TensorId id) {
  std::set<TensorId> ids = {id};
  for (size_t before = 0; before != ids.size();) {
    before = ids.size();
    for (const Op& op : graph.ops) {
      if (!keeps_parameters(op.kind)) continue;
      if (ids.count(op.inputs[0]) || ids.count(op.outputs[0])) ids.insert(op.inputs[0]), ids.insert(op.outputs[0]);
    }
  }
  return ids;
}

/// The channel of weight `index`: the last axis of depthwise weights, the first of the others.
size_t channel_of(const Op& op, const Tensor& weights, size_t index) {
  const auto count = static_cast<size_t>(liteqat::graph::elem_count(weights.shape));
  if (op.kind == OpKind::kDepthwiseConv2D) return index % static_cast<size_t>(weights.shape.back());
  return index / (count / static_cast<size_t>(weights.shape[0]));
}

/// Biases computed for one scale, written for another.
void rescale_bias(Tensor& bias, size_t channel, double factor) {
  auto codes = bias.as<int32_t>();
  codes[channel] = static_cast<int32_t>(std::lround(static_cast<double>(codes[channel]) / factor));
}

void change_scale(Graph& graph, TensorId id, float factor, bool stale) {
  for (const TensorId each : tied(graph, id)) {
    graph.tensor(each).quantization.scale.at(0) *= factor;
    for (Op& op : graph.ops) {
      if (!is_weighted(op.kind) || op.inputs[0] != each || op.inputs.size() < 3 || stale) continue;
      Tensor& bias = graph.tensor(op.inputs[2]);
      for (float& scale : bias.quantization.scale) scale *= factor;
      for (size_t channel = 0; channel < bias.as<int32_t>().size(); ++channel) rescale_bias(bias, channel, static_cast<double>(factor));
    }
  }
}

void clear_channels(Graph& graph, Op& op, size_t first, size_t end) {
  Tensor& weights = graph.tensor(op.inputs[1]);
  auto codes = weights.as<int8_t>();
  for (size_t i = 0; i < codes.size(); ++i) {
    const size_t channel = channel_of(op, weights, i);
    if (channel >= first && channel < end) codes[i] = 0;
  }
  auto biases = graph.tensor(op.inputs[2]).as<int32_t>();
  for (size_t channel = first; channel < std::min(end, biases.size()); ++channel) biases[channel] = 0;
}

void use_one_scale(Graph& graph, Op& op) {
  Tensor &weights = graph.tensor(op.inputs[1]), &bias = graph.tensor(op.inputs[2]);
  std::vector<float>& scales = weights.quantization.scale;
  if (scales.size() < 2) fail("the weights have one scale already");
  const float largest = *std::max_element(scales.begin(), scales.end());
  auto codes = weights.as<int8_t>();
  for (size_t i = 0; i < codes.size(); ++i) {
    const float ratio = scales[channel_of(op, weights, i)] / largest;
    codes[i] = static_cast<int8_t>(std::lround(static_cast<double>(static_cast<float>(codes[i]) * ratio)));
  }
  for (size_t channel = 0; channel < scales.size(); ++channel) {
    const float ratio = largest / scales[channel];
    rescale_bias(bias, channel, static_cast<double>(ratio));
    bias.quantization.scale[channel] *= ratio;
  }
  std::fill(scales.begin(), scales.end(), largest);
}

/// Channel after channel smaller, as folded batch normalization makes them.
void spread_channels(Graph& graph, Op& op, double ratio) {
  auto &scales = graph.tensor(op.inputs[1]).quantization.scale, &bias_scales = graph.tensor(op.inputs[2]).quantization.scale;
  if (scales.size() < 2 || bias_scales.size() != scales.size()) fail("the weights have one scale");
  for (size_t channel = 0; channel < scales.size(); ++channel) {
    const auto factor = static_cast<float>(std::pow(ratio, -static_cast<double>(channel)));
    scales[channel] *= factor, bias_scales[channel] *= factor;
  }
}

void rotate_weights(Graph& graph, Op& op) {
  auto& data = graph.tensor(op.inputs[1]).data;
  const auto channels = static_cast<size_t>(graph.tensor(op.inputs[1]).shape[0]);
  const size_t by = op.kind == OpKind::kDepthwiseConv2D ? 1 : data.size() / channels;
  std::rotate(data.begin(), data.begin() + static_cast<ptrdiff_t>(by), data.end());
}

void list(const Graph& graph) {
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Tensor& output = graph.tensor(graph.ops[i].outputs[0]);
    std::printf("%zu %s %s\n", i, liteqat::graph::op_kind_name(graph.ops[i].kind), output.name.c_str());
  }
}

void edit(Graph& graph, const std::vector<std::string>& words) {
  const std::string& what = words[0];
  const auto number = [&](size_t index) { return index < words.size() ? std::atof(words[index].c_str()) : 0; };
  const int index = static_cast<int>(number(1));
  if (what == "scale" || what == "stale_scale") {
    change_scale(graph, tensor_of(graph, index), static_cast<float>(number(2)), what == "stale_scale");
  } else if (what == "zero_point") {
    for (const TensorId id : tied(graph, tensor_of(graph, index)))
      graph.tensor(id).quantization.zero_point.at(0) += static_cast<int64_t>(number(2));
  } else if (what == "channels") {
    clear_channels(graph, operator_at(graph, index), static_cast<size_t>(number(2)), static_cast<size_t>(number(3)));
  } else if (what == "per_tensor") {
    use_one_scale(graph, operator_at(graph, index));
  } else if (what == "uneven") {
    spread_channels(graph, operator_at(graph, index), number(2));
  } else if (what == "no_bias") {
    auto biases = graph.tensor(operator_at(graph, index).inputs.at(2)).as<int32_t>();
    std::fill(biases.begin(), biases.end(), 0);
  } else if (what == "shuffle") {
    rotate_weights(graph, operator_at(graph, index));
  } else {
    fail("unknown edit '" + what + "'");
  }
}

}  // namespace

int main(int count, char** values) {
  if (count < 4) return 2;
  const auto bytes = liteqat::read_file(values[1]);
  if (!bytes.ok()) fail(bytes.status().message());
  auto graph = liteqat::formats::tflite::read(bytes.value(), values[1]);
  if (!graph.ok()) fail(graph.status().message());
  const std::vector<std::string> words(values + 3, values + count);
  if (words[0] == "list") {
    list(graph.value());
    return 0;
  }
  edit(graph.value(), words);
  const auto edited = liteqat::formats::tflite::write(graph.value());
  if (!edited.ok()) fail(edited.status().message());
  const auto written = liteqat::write_file(values[2], edited.value());
  if (!written.ok()) fail(written.message());
  return 0;
}
