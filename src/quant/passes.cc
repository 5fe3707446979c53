#include "quant/passes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "quant/weights.h"

namespace liteqat::quant {

using graph::Graph;
using graph::kNoTensor;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;

Status op_error(Code code, const Graph& graph, const Op& op, const std::string& why) {
  return error(code, "{} \"{}\" (operator {}): {}", op_kind_name(op.kind), op.name, &op - graph.ops.data(), why);
}

const Op* single_consumer(const Graph& graph, TensorId tensor) {
  if (std::ranges::find(graph.outputs, tensor) != graph.outputs.end()) return nullptr;
  const std::vector<int32_t> consumers = graph.find_consumers(tensor);
  return consumers.size() == 1 ? &graph.ops[static_cast<size_t>(consumers[0])] : nullptr;
}

bool has_batch_norm(const Graph& graph) {
  return std::ranges::any_of(graph.ops, [](const Op& op) { return op.kind == OpKind::kBatchNorm; });
}

bool is_relu(OpKind kind) {
  return kind == OpKind::kRelu || kind == OpKind::kRelu6;
}

bool fuses_activation(OpKind kind) {
  return has_weights(kind) || kind == OpKind::kAdd;
}

namespace {

void remove_op(Graph& graph, const Op* op) {
  graph.ops.erase(graph.ops.begin() + (op - graph.ops.data()));
}

/// The window of a convolution, whichever kind it is.
struct Window {
  graph::Padding& padding;
  int32_t stride_h, stride_w, dilation_h, dilation_w, filter_h, filter_w;
};

Window window_of(const Graph& graph, Op& op) {
  const graph::Shape& shape = graph.tensor(op.inputs[1]).shape;
  if (op.kind == OpKind::kConv2D) {
    auto& p = std::get<graph::Conv2DParams>(op.params);
    return {p.padding, p.stride_h, p.stride_w, p.dilation_h, p.dilation_w, shape[1], shape[2]};
  }
  auto& p = std::get<graph::DepthwiseConv2DParams>(op.params);
  return {p.padding, p.stride_h, p.stride_w, p.dilation_h, p.dilation_w, shape[1], shape[2]};
}

struct AxisPadding {
  int32_t input, before, after, filter, stride, dilation;
};

/// Whether SAME puts exactly these zeros around the input. (TFLite's converter asks for 0 <= after - before <= 1 and an output of
/// ceil(input / stride), which says the same of the pads that Keras' networks use.)
bool equals_same(const AxisPadding& axis) {
  const int32_t same = numeric::window_output_extent(graph::Padding::kSame, axis.input, axis.filter, axis.stride, axis.dilation);
  const int32_t padded = axis.input + axis.before + axis.after;
  const int32_t valid = numeric::window_output_extent(graph::Padding::kValid, padded, axis.filter, axis.stride, axis.dilation);
  const int32_t before = numeric::window_pad_before(graph::Padding::kSame, axis.input, axis.filter, axis.stride, axis.dilation, same);
  return same == valid && before == axis.before;
}

bool pads_like_same(const Graph& graph, const Op& pad, Op& conv) {
  const Window window = window_of(graph, conv);
  const Tensor& paddings = graph.tensor(pad.inputs[1]);
  const graph::Shape& input = graph.tensor(pad.inputs[0]).shape;
  if (window.padding != graph::Padding::kValid || !paddings.constant() || input.size() != 4) return false;
  const std::span<const int32_t> zeros = paddings.as<int32_t>();
  if (zeros.size() != 8 || zeros[0] != 0 || zeros[1] != 0 || zeros[6] != 0 || zeros[7] != 0) return false;
  return equals_same({input[1], zeros[2], zeros[3], window.filter_h, window.stride_h, window.dilation_h}) &&
         equals_same({input[2], zeros[4], zeros[5], window.filter_w, window.stride_w, window.dilation_w});
}

}  // namespace

void fuse_activations(Graph& graph) {
  for (size_t index = 0; index < graph.ops.size(); ++index) {
    if (!fuses_activation(graph.ops[index].kind) || graph::fused_activation(graph.ops[index]) != graph::Activation::kNone) continue;
    const Op* next = single_consumer(graph, graph.ops[index].outputs[0]);
    if (next == nullptr || !is_relu(next->kind)) continue;
    graph::set_fused_activation(graph.ops[index], next->kind == OpKind::kRelu ? graph::Activation::kRelu : graph::Activation::kRelu6);
    graph.ops[index].outputs = next->outputs;
    remove_op(graph, next);
  }
}

void fuse_padding(Graph& graph) {
  for (size_t index = 0; index < graph.ops.size(); ++index) {
    if (graph.ops[index].kind != OpKind::kPad) continue;
    const TensorId padded = graph.ops[index].outputs[0];
    for (int32_t consumer : graph.find_consumers(padded)) {
      Op& conv = graph.ops[static_cast<size_t>(consumer)];
      if (conv.kind != OpKind::kConv2D && conv.kind != OpKind::kDepthwiseConv2D) continue;
      if (!pads_like_same(graph, graph.ops[index], conv)) continue;
      window_of(graph, conv).padding = graph::Padding::kSame;
      conv.inputs[0] = graph.ops[index].inputs[0];
    }
    const bool is_output = std::ranges::find(graph.outputs, padded) != graph.outputs.end();
    if (is_output || !graph.find_consumers(padded).empty()) continue;
    remove_op(graph, &graph.ops[index]);
    --index;
  }
}

void add_missing_biases(Graph& graph) {
  for (Op& op : graph.ops) {
    if (!has_weights(op.kind) || (op.inputs.size() > 2 && op.inputs[2] != kNoTensor)) continue;
    const int32_t channels = graph.tensor(op.inputs[1]).shape[static_cast<size_t>(output_axis(op.kind))];
    Tensor bias;
    bias.name = op.name + "/bias";
    bias.shape = {channels};
    bias.role = graph::Role::kParameter;
    bias.data.assign(static_cast<size_t>(channels) * sizeof(float), std::byte{0});
    const TensorId id = graph.add_tensor(std::move(bias));
    op.inputs.resize(3, kNoTensor);
    op.inputs[2] = id;
  }
}

void remove_unused_tensors(Graph& graph) {
  std::vector<TensorId> new_id(graph.tensors.size(), kNoTensor);
  const auto mark = [&](const std::vector<TensorId>& ids) {
    for (TensorId id : ids) {
      if (id != kNoTensor) new_id[static_cast<size_t>(id)] = 0;
    }
  };
  mark(graph.inputs);
  mark(graph.outputs);
  for (const Op& op : graph.ops) {
    mark(op.inputs);
    mark(op.outputs);
  }
  std::vector<Tensor> kept;
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    if (new_id[id] == kNoTensor) continue;
    new_id[id] = static_cast<TensorId>(kept.size());
    kept.push_back(std::move(graph.tensors[id]));
  }
  graph.tensors = std::move(kept);
  const auto rename = [&](std::vector<TensorId>& ids) {
    for (TensorId& id : ids) id = id == kNoTensor ? kNoTensor : new_id[static_cast<size_t>(id)];
  };
  rename(graph.inputs);
  rename(graph.outputs);
  for (Op& op : graph.ops) {
    rename(op.inputs);
    rename(op.outputs);
  }
}

}  // namespace liteqat::quant
