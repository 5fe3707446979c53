#include <algorithm>

#include "quant/lower.h"
#include "quant/passes.h"
#include "quant/plan.h"
#include "quant/quantize_graph.h"
#include "quant/weights.h"

namespace liteqat::quant {

using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::TensorId;

namespace {

constexpr float kInitialBound = 6.0f;      // TFMOT's quantizers start at -6 and 6
constexpr float kTfmotDecay = 0.999f;      // TFMOT's MovingAverageQuantizer
constexpr float kCalibratedDecay = 0.99f;  // starts at measured ranges: only has to follow them, over about 100 steps

class Placement {
 public:
  /// choices: by operator of the graph.
  Placement(const Graph& graph, Scheme scheme, std::vector<LayerChoice> choices) : graph_(graph), choices_(std::move(choices)) {
    plan_.scheme = scheme;
  }

  Result<Plan> run() {
    plan_.quantize_bias = !tfmot();
    for (const Op& op : graph_.ops) {
      if (in_float(op)) continue;
      for (size_t position : activation_inputs(op)) quantize_input(op.inputs[position]);
      LITEQAT_RETURN_IF_ERROR(place(op));
    }
    std::ranges::sort(plan_.quantizers, {}, &Quantizer::tensor);
    const auto repeated = std::ranges::adjacent_find(plan_.quantizers, {}, &Quantizer::tensor);
    if (repeated != plan_.quantizers.end()) {
      return error(Code::kUnsupported, "tensor \"{}\" would be quantized twice: weights shared by operators are not supported",
                   graph_.tensor(repeated->tensor).name);
    }
    return std::move(plan_);
  }

 private:
  bool tfmot() const { return plan_.scheme == Scheme::kTfmot8Bit; }

  const LayerChoice& choice(const Op& op) const { return choices_[static_cast<size_t>(&op - graph_.ops.data())]; }
  bool in_float(const Op& op) const { return choice(op).type == LayerType::kFloat32; }

  /// What an integer operator reads has a grid: the model's input, and what an operator in float computes.
  void quantize_input(TensorId id) {
    if (graph_.tensor(id).constant() || std::ranges::find(plan_.quantizers, id, &Quantizer::tensor) != plan_.quantizers.end()) return;
    const int32_t producer = graph_.find_producer(id);
    if (producer < 0) {
      plan_.quantizers.push_back({.tensor = id, .update = RangeUpdate::kAllValues, .min = {0.0f}, .max = {0.0f}});
    } else if (in_float(graph_.ops[static_cast<size_t>(producer)])) {
      plan_.quantizers.push_back(activation(id));
    }
  }

  Status place(const Op& op) {
    switch (op.kind) {
      case OpKind::kConv2D:
      case OpKind::kDepthwiseConv2D:
      case OpKind::kFullyConnected:
        LITEQAT_RETURN_IF_ERROR(place_weights(op));
        place_output(op);
        return {};
      case OpKind::kBatchNorm:
        LITEQAT_RETURN_IF_ERROR(check_batch_norm(op));
        place_output(op);
        return {};
      case OpKind::kRelu:
      case OpKind::kRelu6:
      case OpKind::kAdd:
      case OpKind::kMean:
        place_output(op);
        return {};
      case OpKind::kAveragePool2D:
        place_average_pool(op);
        return {};
      case OpKind::kSoftmax:
        if (!tfmot()) {
          plan_.quantizers.push_back({.tensor = op.outputs[0], .update = RangeUpdate::kFixed, .min = {0.0f}, .max = {255.0f / 256.0f}});
        }
        return {};
      case OpKind::kHardSwish:
      case OpKind::kLogistic:
      case OpKind::kMul:
      case OpKind::kConcatenation:
        return place_gate(op);
      case OpKind::kMaxPool2D:
      case OpKind::kPad:
      case OpKind::kReshape:
        return {};
      case OpKind::kQuantize:
      case OpKind::kDequantize:
        return op_error(Code::kUnsupported, graph_, op, "the graph is already quantized");
      default:
        return op_error(Code::kUnsupported, graph_, op, "quantizing this operator is not supported");
    }
  }

  /// TFMOT reduces a Keras kernel over all but its last axis: the output channels of a convolution, but only the depth multiplier of a
  /// depthwise kernel (H, W, C, M); tflite-int8.md section 4.7.
  Status place_weights(const Op& op) {
    const graph::Shape& shape = graph_.tensor(op.inputs[1]).shape;
    Quantizer quantizer = {.tensor = op.inputs[1], .weight = true, .symmetric = true, .narrow = true, .update = RangeUpdate::kLastValue};
    quantizer.per_channel_operator = op.kind != OpKind::kFullyConnected && choice(op).per_channel;
    const bool one_range =
        op.kind == OpKind::kFullyConnected || (op.kind == OpKind::kDepthwiseConv2D && tfmot()) || !choice(op).per_channel;
    if (op.kind == OpKind::kDepthwiseConv2D && tfmot() && op.params_as<graph::DepthwiseConv2DParams>().depth_multiplier != 1) {
      return op_error(Code::kUnsupported, graph_, op, "tfmot_8bit needs a depth multiplier of 1; use liteqat_8bit");
    }
    if (!one_range) {
      quantizer.axis = output_axis(op.kind);
      quantizer.channels = shape[static_cast<size_t>(quantizer.axis)];
    }
    if (tfmot()) {
      quantizer.min.assign(static_cast<size_t>(quantizer.channels), -kInitialBound);
      quantizer.max.assign(static_cast<size_t>(quantizer.channels), kInitialBound);
    } else {
      set_weight_range(quantizer, graph_.tensor(op.inputs[1]));
    }
    plan_.quantizers.push_back(std::move(quantizer));
    return {};
  }

  Status check_batch_norm(const Op& op) const {
    const int32_t producer = graph_.find_producer(op.inputs[0]);
    const OpKind kind = producer < 0 ? OpKind::kQuantize : graph_.ops[static_cast<size_t>(producer)].kind;
    if (kind != OpKind::kConv2D && kind != OpKind::kDepthwiseConv2D) {
      return op_error(Code::kUnsupported, graph_, op, "tfmot_8bit quantizes batch norm only directly after CONV_2D or DEPTHWISE_CONV_2D");
    }
    if (single_consumer(graph_, op.inputs[0]) != &op) return op_error(Code::kUnsupported, graph_, op, "its input is used elsewhere too");
    return {};
  }

  /// An output is quantized unless the one operator that reads it will be fused into this one.
  void place_output(const Op& op) {
    const Op* next = single_consumer(graph_, op.outputs[0]);
    const bool fusable = fuses_activation(op.kind) || op.kind == OpKind::kBatchNorm;
    const bool fused = next != nullptr && ((has_weights(op.kind) && next->kind == OpKind::kBatchNorm) || (fusable && is_relu(next->kind)));
    if (!fused) plan_.quantizers.push_back(activation(op.outputs[0]));
  }

  /// A CONCATENATION has a range of its own although int8 kernels take parts on its grid only: its parts are read elsewhere too, and
  /// lowering puts a QUANTIZE in front of every part (docs/decisions/0035).
  Status place_gate(const Op& op) {
    if (tfmot()) return op_error(Code::kUnsupported, graph_, op, "tfmot_8bit does not know this operator; use liteqat_8bit");
    if (std::ranges::any_of(op.inputs, [&](TensorId id) { return graph_.tensor(id).constant(); })) {
      return op_error(Code::kUnsupported, graph_, op, "with a constant it cannot be quantized");
    }
    if (op.kind == OpKind::kLogistic) {
      plan_.quantizers.push_back({.tensor = op.outputs[0], .update = RangeUpdate::kFixed, .min = {0.0f}, .max = {255.0f / 256.0f}});
    } else {
      plan_.quantizers.push_back(activation(op.outputs[0]));
    }
    return {};
  }

  void place_average_pool(const Op& op) {
    if (tfmot()) return plan_.quantizers.push_back(activation(op.outputs[0]));
    std::ranges::sort(plan_.quantizers, {}, &Quantizer::tensor);
    const Quantizer* grid = find_grid(graph_, plan_, op.inputs[0]);
    if (grid == nullptr) return;
    plan_.quantizers.push_back({.tensor = op.outputs[0], .update = RangeUpdate::kShared, .same_as = grid->tensor});
  }

  Quantizer activation(TensorId tensor) const {
    return {.tensor = tensor, .decay = tfmot() ? kTfmotDecay : kCalibratedDecay, .min = {-kInitialBound}, .max = {kInitialBound}};
  }

  const Graph& graph_;
  std::vector<LayerChoice> choices_;
  Plan plan_;
};

/// A choice for each operator of a training graph: that of the deployed operator which computes its output, or into which it is fused.
std::vector<LayerChoice> spread_choices(const Graph& graph, const Graph& deployed, const std::vector<LayerChoice>& layers) {
  std::vector<LayerChoice> spread(graph.ops.size());
  for (size_t index = graph.ops.size(); index-- > 0;) {
    const TensorId output = graph.ops[index].outputs[0];
    const int32_t producer = deployed.find_producer(output);
    if (producer >= 0) {
      spread[index] = layers[static_cast<size_t>(producer)];
    } else if (const std::vector<int32_t> readers = graph.find_consumers(output); !readers.empty()) {
      spread[index] = spread[static_cast<size_t>(readers[0])];
    }
  }
  return spread;
}

/// The choices with their consequences: what only moves values in float is in float too.
Result<std::vector<LayerChoice>> settle_choices(const Graph& deployed, const std::vector<LayerChoice>& asked) {
  std::vector<LayerChoice> settled = asked;
  for (size_t index = 0; index < asked.size(); ++index) {
    if (asked[index].type != LayerType::kInt16x8) continue;
    return op_error(Code::kUnsupported, deployed, deployed.ops[index],
                    "quantization-aware training knows int8 and float32, not int16x8; convert quantizes to it after training");
  }
  const bool any_float = std::ranges::any_of(asked, [](const LayerChoice& layer) { return layer.type == LayerType::kFloat32; });
  if (!any_float) return settled;  // an operator that has no integer kernel is refused by name
  const std::vector<LayerType> types = settle_types(deployed, asked, nullptr);
  for (size_t index = 0; index < asked.size(); ++index) settled[index].type = types[index];
  return settled;
}

}  // namespace

Result<Graph> deployed_operators(const Graph& graph) {
  Graph deployed = graph;
  LITEQAT_RETURN_IF_ERROR(fuse_for_deployment(deployed, nullptr));
  return deployed;
}

Result<Plan> make_plan(const Graph& graph, Scheme scheme, const std::vector<LayerChoice>& layers) {
  Graph placed = graph;
  if (scheme == Scheme::kLiteqat8Bit && has_batch_norm(graph)) {
    LITEQAT_ASSIGN_OR_RETURN(placed, fold_keeping_ids(graph));
  }
  if (layers.empty()) return Placement(placed, scheme, std::vector<LayerChoice>(placed.ops.size())).run();
  LITEQAT_ASSIGN_OR_RETURN(const Graph deployed, deployed_operators(placed));
  LITEQAT_CHECK_EQ(layers.size(), deployed.ops.size());
  LITEQAT_ASSIGN_OR_RETURN(const std::vector<LayerChoice> settled, settle_choices(deployed, layers));
  LITEQAT_ASSIGN_OR_RETURN(Plan plan, Placement(placed, scheme, spread_choices(placed, deployed, settled)).run());
  for (size_t index = 0; index < settled.size(); ++index) {
    if (settled[index].type == LayerType::kFloat32) plan.in_float.push_back(deployed.ops[index].outputs[0]);
  }
  std::ranges::sort(plan.in_float);
  return plan;
}

std::vector<LayerChoice> layer_choices(const Graph& deployed, const Plan& plan) {
  std::vector<LayerChoice> layers(deployed.ops.size());
  for (size_t index = 0; index < layers.size(); ++index) {
    const Op& op = deployed.ops[index];
    if (std::ranges::binary_search(plan.in_float, op.outputs[0])) layers[index].type = LayerType::kFloat32;
    const Quantizer* weights = has_weights(op.kind) ? plan.find(op.inputs[1]) : nullptr;
    const bool channels = weights != nullptr && op.kind != OpKind::kFullyConnected;
    if (channels) layers[index].per_channel = weights->per_channel_operator;
  }
  return layers;
}

std::vector<FloatLayer> list_float_layers(const Graph& deployed, const Plan& plan) {
  std::vector<LayerChoice> asked = layer_choices(deployed, plan);
  for (size_t index = 0; index < asked.size(); ++index) {
    const Op& op = deployed.ops[index];
    const int32_t source = deployed.find_producer(op.inputs[0]);
    const bool follows = keeps_parameters(op.kind) && source >= 0 && asked[static_cast<size_t>(source)].type == LayerType::kFloat32;
    if (!follows) continue;
    asked[index].type = LayerType::kInt8;  // so that the reason is what it moves
  }
  std::vector<FloatLayer> listed;
  settle_types(deployed, asked, &listed);
  return listed;
}

}  // namespace liteqat::quant
