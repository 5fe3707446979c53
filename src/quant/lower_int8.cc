#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "numeric/fake_quant.h"
#include "quant/lower.h"
#include "quant/passes.h"
#include "quant/weights.h"

namespace liteqat::quant {

using graph::DType;
using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::Quantization;
using graph::Tensor;
using graph::TensorId;
using numeric::ConvertedParams;

namespace {

/// TFLite fixes the output of an int8 SOFTMAX and LOGISTIC.
constexpr ConvertedParams kProbability = {.scale = 1.0 / 256.0, .zero_point = -128};

Quantization stored(const ConvertedParams& params) {
  return {.scale = {static_cast<float>(params.scale)}, .zero_point = {params.zero_point}};
}

Quantization stored(const std::vector<double>& scale, int32_t axis) {
  Quantization quantization = {.scale = {}, .zero_point = std::vector<int64_t>(scale.size(), 0), .axis = axis};
  for (double value : scale) quantization.scale.push_back(static_cast<float>(value));
  return quantization;
}

template <typename T>
void set_data(Tensor& tensor, DType type, const std::vector<T>& values) {
  tensor.type = type;
  tensor.data.resize(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
}

/// Turns the fused float graph into the integer graph in place; parameters stay double until they are stored.
class Int8Lowering {
 public:
  /// pool: null for one thread.
  Int8Lowering(const Graph& model, const Plan& plan, ThreadPool* pool) : model_(model), plan_(plan), pool_(pool) {}

  /// Without io nothing is converted at the ends.
  Result<Graph> run(std::optional<IoType> io) {
    LITEQAT_RETURN_IF_ERROR(check_plan());
    LITEQAT_RETURN_IF_ERROR(graph::validate(model_));
    graph_ = copy_without_weights();
    LITEQAT_RETURN_IF_ERROR(fuse_validated(graph_, &multipliers_));
    params_.resize(graph_.tensors.size());
    for (TensorId input : graph_.inputs) {
      if (plan_.find(input) != nullptr || plan_.in_float.empty()) LITEQAT_RETURN_IF_ERROR(set_own_params(input, "the input"));
    }
    const Status lowered = lower_ops();
    LITEQAT_RETURN_IF_ERROR(lower_all_weights());  // of the operators before one that failed
    LITEQAT_RETURN_IF_ERROR(lowered);
    for (size_t id = 0; id < graph_.tensors.size(); ++id) {
      if (!params_[id]) continue;
      graph_.tensors[id].type = DType::kInt8;
      graph_.tensors[id].quantization = stored(*params_[id]);
    }
    if (io) {
      LITEQAT_RETURN_IF_ERROR(check_ends(*io));
      if (*io != IoType::kInt8) add_ends(*io == IoType::kFloat32 ? DType::kFloat32 : DType::kUInt8);
    }
    remove_unused_tensors(graph_);
    freeze(graph_);
    LITEQAT_RETURN_IF_ERROR(graph::validate(graph_));
    return std::move(graph_);
  }

 private:
  /// The model but for weights that only operators with weights read: those are written anew from the model's own.
  Graph copy_without_weights() const {
    std::set<TensorId> replaced, kept;
    for (const Op& op : model_.ops) {
      for (size_t position = 0; position < op.inputs.size(); ++position) {
        const TensorId input = op.inputs[position];
        const bool becomes_codes = has_weights(op.kind) && position == 1 && plan_.find(input) != nullptr;
        (becomes_codes ? replaced : kept).insert(input);
      }
    }
    Graph copy = {.info = model_.info, .tensors = {}, .ops = model_.ops, .inputs = model_.inputs, .outputs = model_.outputs};
    copy.tensors.reserve(model_.tensors.size());
    for (size_t index = 0; index < model_.tensors.size(); ++index) {
      const auto id = static_cast<TensorId>(index);
      const Tensor& tensor = model_.tensors[index];
      const bool payload = !replaced.contains(id) || kept.contains(id);
      copy.tensors.push_back({.name = tensor.name,
                              .type = tensor.type,
                              .shape = tensor.shape,
                              .role = tensor.role,
                              .data = payload ? tensor.data : std::vector<std::byte>(),
                              .quantization = tensor.quantization});
    }
    return copy;
  }

  Status lower_ops() {
    for (size_t index = 0; index < graph_.ops.size(); ++index) {
      const size_t ops = graph_.ops.size();
      LITEQAT_RETURN_IF_ERROR(lower_op(index));
      index += graph_.ops.size() - ops;  // over QUANTIZEs that were inserted around it
    }
    return {};
  }

  /// Weights and biases of all operators whose activations have their parameters.
  Status lower_all_weights() {
    std::set<TensorId> taken;
    bool apart = true;  // operators that share a tensor take turns
    for (const Weighted& weighted : weighted_) {
      apart = apart && taken.insert(weighted.op.inputs[1]).second && taken.insert(weighted.op.inputs[2]).second;
    }
    std::vector<Status> done(weighted_.size());
    const auto lower = [&](int task, int) {
      const Weighted& weighted = weighted_[static_cast<size_t>(task)];
      done[static_cast<size_t>(task)] = lower_weights(weighted.op).with_context(weighted.what);
    };
    const auto tasks = static_cast<int>(weighted_.size());
    if (apart && pool_ != nullptr) {
      pool_->run(tasks, lower);
    } else {
      for (int task = 0; task < tasks; ++task) lower(task, 0);
    }
    for (const Status& status : done) LITEQAT_RETURN_IF_ERROR(status);
    return {};
  }

  bool fits(const Quantizer& quantizer) const {
    if (quantizer.tensor < 0 || static_cast<size_t>(quantizer.tensor) >= model_.tensors.size()) return false;
    if (quantizer.update == RangeUpdate::kShared) return plan_.find(quantizer.same_as) != nullptr;
    const graph::Shape& shape = model_.tensor(quantizer.tensor).shape;
    const bool axis_exists = quantizer.axis >= 0 && static_cast<size_t>(quantizer.axis) < shape.size();
    const bool channels_exist =
        quantizer.channels == 1 || (axis_exists && shape[static_cast<size_t>(quantizer.axis)] == quantizer.channels);
    const auto channels = static_cast<size_t>(quantizer.channels);
    return channels_exist && quantizer.min.size() == channels && quantizer.max.size() == channels;
  }

  Status check_plan() const {
    for (const Quantizer& quantizer : plan_.quantizers) {
      if (fits(quantizer)) continue;
      return error(Code::kMismatch, "the quantization plan does not fit the graph: tensor {} of {}, {} channels on axis {}, {} ranges",
                   quantizer.tensor, model_.tensors.size(), quantizer.channels, quantizer.axis, quantizer.min.size());
    }
    return {};
  }

  std::optional<ConvertedParams>& params(TensorId id) { return params_[static_cast<size_t>(id)]; }

  /// The parameters that the tensor's own quantizer gives. Fails: kUnsupported if it has none, kOutOfRange for a range without a scale.
  Status set_own_params(TensorId id, const std::string& what) {
    const Quantizer* quantizer = plan_.find(id);
    const std::string& name = graph_.tensor(id).name;
    if (quantizer == nullptr) {
      return error(Code::kUnsupported, "{}: tensor \"{}\" has no quantizer, so its int8 scale is not known", what, name);
    }
    const Quantizer& range = plan_.range_of(*quantizer);
    const ConvertedParams converted = numeric::converted_params(range.min[0], range.max[0], range.narrow);
    const float scale = static_cast<float>(converted.scale);
    if (!std::isfinite(scale) || scale <= 0.0f || range.min[0] > range.max[0]) {
      return error(Code::kOutOfRange, "{}: the range of tensor \"{}\" is [{}, {}], which gives no positive finite scale", what, name,
                   range.min[0], range.max[0]);
    }
    params(id) = converted;
    return {};
  }

  Status lower_op(size_t index) {
    const Op& op = graph_.ops[index];
    const std::string what = format("{} \"{}\" (operator {})", op_kind_name(op.kind), op.name, index);
    if (op.kind == OpKind::kQuantize || op.kind == OpKind::kDequantize) {
      return error(Code::kUnsupported, "{}: the graph is already quantized", what);
    }
    if (std::ranges::binary_search(plan_.in_float, op.outputs[0])) return keep_in_float(index, what);
    for (TensorId input : op.inputs) {
      if (input == graph::kNoTensor || graph_.tensor(input).constant()) continue;
      LITEQAT_CHECK(params(input).has_value());
    }
    if (op.kind == OpKind::kSoftmax || op.kind == OpKind::kLogistic) {
      params(op.outputs[0]) = kProbability;
      return {};
    }
    if (keeps_parameters(op.kind)) {
      params(op.outputs[0]) = params(op.inputs[0]);
      return requantize_output(index, what);
    }
    const bool joins = op.kind == OpKind::kAdd || op.kind == OpKind::kMul || op.kind == OpKind::kConcatenation;
    if (joins && std::ranges::any_of(op.inputs, [&](TensorId id) { return graph_.tensor(id).constant(); })) {
      return error(Code::kUnsupported, "{}: a constant operand is not supported in int8", what);
    }
    LITEQAT_RETURN_IF_ERROR(set_own_params(op.outputs[0], what));
    if (op.kind == OpKind::kConcatenation) {
      requantize_parts(index);
      return {};
    }
    if (has_weights(op.kind)) weighted_.push_back({op, what});
    return {};
  }

  /// An operator in float reads DEQUANTIZEs of what is integer, and a QUANTIZE follows it where the plan has a grid for its output.
  Status keep_in_float(size_t index, const std::string& what) {
    const auto insert = [this](size_t at, OpKind kind, TensorId from, TensorId to) {
      const Op conversion = {.kind = kind, .name = graph_.tensor(to).name, .inputs = {from}, .outputs = {to}, .params = {}};
      graph_.ops.insert(graph_.ops.begin() + static_cast<std::ptrdiff_t>(at), conversion);
    };
    for (size_t position = 0; position < graph_.ops[index].inputs.size(); ++position) {
      const TensorId input = graph_.ops[index].inputs[position];
      if (input == graph::kNoTensor || graph_.tensor(input).constant() || !params(input)) continue;
      auto known = real_twins_.find(input);
      if (known == real_twins_.end()) {
        known = real_twins_.emplace(input, add_twin(input, graph_.tensor(input).name + "_real")).first;
        insert(index++, OpKind::kDequantize, input, known->second);
      }
      graph_.ops[index].inputs[position] = known->second;
    }
    const TensorId output = graph_.ops[index].outputs[0];
    if (plan_.find(output) == nullptr) return {};
    LITEQAT_RETURN_IF_ERROR(set_own_params(output, what));
    const TensorId real = add_twin(output, graph_.tensor(output).name + "_float");
    graph_.ops[index].outputs = {real};
    insert(index + 1, OpKind::kQuantize, real, output);
    return {};
  }

  /// CONCATENATION copies codes: every part goes through a QUANTIZE to its grid first. Also where both grids happen to be equal: training
  /// on integers lowers anew in every step and needs the same operators each time.
  void requantize_parts(size_t index) {
    const ConvertedParams grid = *params(graph_.ops[index].outputs[0]);
    const std::string name = graph_.ops[index].name;
    for (size_t part = 0; part < graph_.ops[index].inputs.size(); ++part) {
      const TensorId input = graph_.ops[index].inputs[part];
      const TensorId moved = add_twin(input, format("{}_part_{}", name, part));
      params(moved) = grid;
      const Op quantize = {
          .kind = OpKind::kQuantize, .name = graph_.tensor(moved).name, .inputs = {input}, .outputs = {moved}, .params = {}};
      graph_.ops.insert(graph_.ops.begin() + static_cast<std::ptrdiff_t>(index), quantize);
      graph_.ops[++index].inputs[part] = moved;
    }
  }

  /// Where the plan wants other parameters than the operator can give, a QUANTIZE follows it.
  Status requantize_output(size_t index, const std::string& what) {
    const TensorId output = graph_.ops[index].outputs[0];
    const Quantizer* quantizer = plan_.find(output);
    if (quantizer == nullptr || quantizer->update == RangeUpdate::kShared) return {};
    const ConvertedParams given = *params(output);
    LITEQAT_RETURN_IF_ERROR(set_own_params(output, what));
    if (params(output)->scale == given.scale && params(output)->zero_point == given.zero_point) return {};
    const std::string name = graph_.tensor(output).name;
    const TensorId kept = add_twin(output, name + "_same_scale");
    params(kept) = given;
    graph_.ops[index].outputs = {kept};
    const Op quantize = {.kind = OpKind::kQuantize, .name = name + "_quantize", .inputs = {kept}, .outputs = {output}, .params = {}};
    graph_.ops.insert(graph_.ops.begin() + static_cast<std::ptrdiff_t>(index) + 1, quantize);
    return {};
  }

  Status lower_weights(const Op& op) {
    const Quantizer* quantizer = plan_.find(op.inputs[1]);
    if (quantizer == nullptr) {
      return error(Code::kUnsupported, "its weights \"{}\" have no quantizer", graph_.tensor(op.inputs[1]).name);
    }
    const auto found = multipliers_.find(op.inputs[1]);
    const WeightSource source = {.weights = model_.tensor(op.inputs[1]),
                                 .quantizer = *quantizer,
                                 .kind = op.kind,
                                 .multiplier = found == multipliers_.end() ? nullptr : &found->second};
    LITEQAT_ASSIGN_OR_RETURN(IntegerWeights weights, quantize_weights(source));
    const double input_scale = params(op.inputs[0])->scale;
    LITEQAT_ASSIGN_OR_RETURN(const std::vector<double> scales, lower_bias(op, input_scale, weights.scale));
    std::vector<double> weight_scales = weights.scale;
    for (size_t i = 0; i < scales.size(); ++i) {
      if (scales[i] != input_scale * weights.scale[i]) weight_scales[i] = scales[i] / input_scale;
    }
    if (weight_scales != weights.scale) requantize_weights(source, weight_scales, weights);
    set_data(graph_.tensor(op.inputs[1]), DType::kInt8, weights.codes);
    graph_.tensor(op.inputs[1]).quantization = stored(weights.scale, output_axis(op.kind));
    return {};
  }

  /// Returns the scales of the bias.
  Result<std::vector<double>> lower_bias(const Op& op, double input_scale, const std::vector<double>& weight_scales) {
    Tensor& bias = graph_.tensor(op.inputs[2]);
    const std::span<const float> values = bias.as<float>();
    for (size_t channel = 0; channel < values.size(); ++channel) {
      if (std::isfinite(values[channel])) continue;
      return error(Code::kOutOfRange, "bias \"{}\": channel {} is {}, expected a finite value", bias.name, channel, values[channel]);
    }
    const std::vector<double> scales = bias_scales(values, input_scale, weight_scales, plan_.scheme);
    std::vector<int32_t> codes;
    for (size_t channel = 0; channel < values.size(); ++channel) {
      const double scale = scales[scales.size() == 1 ? 0 : channel];
      if (static_cast<float>(scale) <= 0.0f || !std::isfinite(static_cast<float>(scale))) {
        return error(Code::kOutOfRange, "bias \"{}\": the scale of channel {} is {}, expected a positive finite float32", bias.name,
                     channel, scale);
      }
      codes.push_back(bias_code(values[channel], scale));
    }
    set_data(bias, DType::kInt32, codes);
    bias.quantization = stored(scales, 0);
    return scales;
  }

  /// A new activation of the same shape.
  TensorId add_twin(TensorId id, std::string name) {
    Tensor twin;
    twin.name = std::move(name);
    twin.type = graph_.tensor(id).type;
    twin.shape = graph_.tensor(id).shape;
    params_.emplace_back();
    return graph_.add_tensor(std::move(twin));
  }

  /// The model's inputs and outputs in another type: the outer tensor takes the name, the int8 one becomes "<name>_int8".
  TensorId add_outer(TensorId inner, DType type) {
    const std::string name = graph_.tensor(inner).name;
    graph_.tensor(inner).name = name + "_int8";
    const TensorId outer = add_twin(inner, name);
    graph_.tensor(outer).type = type;
    if (type == DType::kUInt8) {
      graph_.tensor(outer).quantization = graph_.tensor(inner).quantization;
      graph_.tensor(outer).quantization.zero_point[0] += 128;
    }
    return outer;
  }

  /// Integer ends need integer operators there.
  Status check_ends(IoType io) {
    if (io == IoType::kFloat32) return {};
    for (const std::vector<TensorId>& ends : {graph_.inputs, graph_.outputs}) {
      for (TensorId id : ends) {
        if (params(id)) continue;
        return error(Code::kUnsupported,
                     "tensor \"{}\" at an end of the model is in float, since its operator is: integer ends cannot be had",
                     graph_.tensor(id).name);
      }
    }
    return {};
  }

  void add_ends(DType type) {
    std::vector<Op> first;
    for (TensorId& input : graph_.inputs) {
      if (!params(input)) continue;
      const TensorId outer = add_outer(input, type);
      const std::string name = graph_.tensor(outer).name + "_quantize";
      first.push_back({.kind = OpKind::kQuantize, .name = name, .inputs = {outer}, .outputs = {input}, .params = {}});
      input = outer;
    }
    graph_.ops.insert(graph_.ops.begin(), first.begin(), first.end());
    for (TensorId& output : graph_.outputs) {
      if (!params(output)) continue;
      const TensorId outer = add_outer(output, type);
      const OpKind kind = type == DType::kFloat32 ? OpKind::kDequantize : OpKind::kQuantize;
      const std::string name = graph_.tensor(outer).name + (kind == OpKind::kDequantize ? "_dequantize" : "_quantize");
      graph_.ops.push_back({.kind = kind, .name = name, .inputs = {output}, .outputs = {outer}, .params = {}});
      output = outer;
    }
  }

  struct Weighted {
    Op op;
    std::string what;
  };

  const Graph& model_;
  const Plan& plan_;
  ThreadPool* pool_;
  Graph graph_;
  std::vector<Weighted> weighted_;
  Multipliers multipliers_;
  std::vector<std::optional<ConvertedParams>> params_;  // by tensor id; none for constants and for what is in float
  std::map<TensorId, TensorId> real_twins_;             // DEQUANTIZEs, by what they read
};

}  // namespace

Result<IoType> parse_io_type(const std::string& name) {
  if (name == "float32") return IoType::kFloat32;
  if (name == "int8") return IoType::kInt8;
  if (name == "uint8") return IoType::kUInt8;
  return error(Code::kInvalidArgument, "unknown input and output type \"{}\": expected float32, int8 or uint8", name);
}

namespace {

Result<Graph> lower(const Graph& model, const Plan& plan, std::optional<IoType> io, ThreadPool* pool) {
  if (plan.scheme != Scheme::kLiteqat8Bit || !has_batch_norm(model)) return Int8Lowering(model, plan, pool).run(io);
  LITEQAT_ASSIGN_OR_RETURN(const Graph folded, fold_keeping_ids(model));
  return Int8Lowering(folded, plan, pool).run(io);
}

}  // namespace

Result<Graph> lower_to_int8(const Graph& model, const Plan& plan, IoType io) {
  return lower(model, plan, io, nullptr);
}

Result<Graph> lower_without_ends(const Graph& model, const Plan& plan) {
  return lower(model, plan, std::nullopt, nullptr);
}

Result<Graph> lower_to_int8(const Graph& model, const Plan& plan, IoType io, ThreadPool& pool) {
  return lower(model, plan, io, &pool);
}

}  // namespace liteqat::quant
