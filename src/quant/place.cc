#include <algorithm>

#include "quant/lower.h"
#include "quant/passes.h"
#include "quant/plan.h"
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
  Placement(const Graph& graph, Scheme scheme) : graph_(graph) { plan_.scheme = scheme; }

  Result<Plan> run() {
    plan_.quantize_bias = !tfmot();
    for (TensorId input : graph_.inputs) {
      plan_.quantizers.push_back({.tensor = input, .update = RangeUpdate::kAllValues, .min = {0.0f}, .max = {0.0f}});
    }
    for (const Op& op : graph_.ops) LITEQAT_RETURN_IF_ERROR(place(op));
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
    quantizer.per_channel_operator = op.kind != OpKind::kFullyConnected;
    const bool one_range = op.kind == OpKind::kFullyConnected || (op.kind == OpKind::kDepthwiseConv2D && tfmot());
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
  Plan plan_;
};

}  // namespace

Result<Plan> make_plan(const Graph& graph, Scheme scheme) {
  const bool folds = scheme == Scheme::kLiteqat8Bit && has_batch_norm(graph);
  if (!folds) return Placement(graph, scheme).run();
  LITEQAT_ASSIGN_OR_RETURN(const Graph folded, fold_keeping_ids(graph));
  return Placement(folded, scheme).run();
}

}  // namespace liteqat::quant
