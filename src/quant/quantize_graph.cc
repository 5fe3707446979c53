#include "quant/quantize_graph.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "quant/integer_constants.h"
#include "quant/passes.h"

namespace liteqat::quant {

using graph::DType;
using graph::Graph;
using graph::kNoTensor;
using graph::Op;
using graph::OpKind;
using graph::Quantization;
using graph::Tensor;
using graph::TensorId;

namespace {

/// Builds the integer graph operator by operator. Tensor ids of the float graph stay valid; twins in other types stand behind them.
class GraphQuantizer {
 public:
  GraphQuantizer(const Graph& model, const QuantizeRequest& request)
      : model_(model),
        request_(request),
        types_(settle_types(model, request.layers, &result_.float_layers)),
        groups_(tie_tensors(model, types_)) {
    out_ = model;
    out_.ops.clear();
    for (size_t index = 0; index < model.ops.size(); ++index) {
      const bool fixed = types_[index] != LayerType::kFloat32 && find_support(model.ops[index], types_[index]).rule == OutputRule::kFixed;
      if (fixed) fixed_[group_of(model.ops[index].outputs[0])] = fixed_output(model.ops[index].kind, types_[index]);
    }
  }

  Result<QuantizedGraph> run() {
    for (size_t index = 0; index < model_.ops.size(); ++index) {
      auto op = quantize_op(index);
      if (!op.ok()) return op.status().with_context(format("{} \"{}\"", op_kind_name(model_.ops[index].kind), model_.ops[index].name));
      result_.op_of.push_back(static_cast<int32_t>(out_.ops.size()));
      out_.ops.push_back(*std::move(op));
    }
    finish_outputs();
    remove_unused_tensors(out_);
    freeze(out_);
    make_names_unique(out_);
    LITEQAT_RETURN_IF_ERROR(graph::validate(out_));
    result_.graph = std::move(out_);
    return std::move(result_);
  }

 private:
  using TwinKey = std::tuple<TensorId, DType, float, int64_t>;

  TensorId group_of(TensorId id) const { return groups_[static_cast<size_t>(id)]; }

  /// The range of a tensor's group. Fails: kNotFound if none of its members has one.
  Result<Range> range_of(TensorId id) const {
    std::optional<Range> range;
    for (size_t member = 0; member < groups_.size(); ++member) {
      if (groups_[member] != group_of(id)) continue;
      const auto found = request_.ranges.find(model_.tensors[member].name);
      if (found == request_.ranges.end()) continue;
      range = range ? hull(*range, found->second) : found->second;
    }
    if (range) return *range;
    return error(Code::kNotFound, "no range is known for tensor \"{}\"", model_.tensor(id).name);
  }

  Result<Quantization> params_of(TensorId id, LayerType type) const {
    const auto fixed = fixed_.find(group_of(id));
    if (fixed != fixed_.end() && fixed_type(id) == type) return fixed->second;
    if (fixed != fixed_.end()) return activation_params(range_of_codes(fixed->second, fixed_type(id)), type, model_.tensor(id).name);
    LITEQAT_ASSIGN_OR_RETURN(const Range range, range_of(id));
    return activation_params(range, type, model_.tensor(id).name);
  }

  LayerType fixed_type(TensorId id) const {
    const int32_t producer = model_.find_producer(group_of(id));
    return producer < 0 ? LayerType::kFloat32 : types_[static_cast<size_t>(producer)];
  }

  TensorId add_twin(TensorId id, const char* suffix, DType type, Quantization params) {
    Tensor twin;
    twin.name = model_.tensor(id).name + suffix;
    twin.shape = model_.tensor(id).shape;
    twin.type = type;
    twin.quantization = std::move(params);
    return out_.add_tensor(std::move(twin));
  }

  void add_conversion(TensorId from, TensorId to) {
    const OpKind kind = out_.tensor(to).type == DType::kFloat32 ? OpKind::kDequantize : OpKind::kQuantize;
    out_.ops.push_back({.kind = kind, .name = out_.tensor(to).name, .inputs = {from}, .outputs = {to}, .params = {}});
  }

  /// The tensor in the wanted type with the wanted parameters (none: float32): itself, or a twin that a conversion fills.
  TensorId as(TensorId id, DType type, const Quantization& params) {
    const Tensor& own = out_.tensor(id);
    if (own.type == type && own.quantization.scale == params.scale && own.quantization.zero_point == params.zero_point) return id;
    const TwinKey key = {id, type, params.empty() ? 0.0f : params.scale[0], params.empty() ? 0 : params.zero_point[0]};
    const auto known = twins_.find(key);
    if (known != twins_.end()) return known->second;
    if (own.constant()) return twins_[key] = out_.add_tensor(make_integer_constant(own, type, params));
    const char* suffix = type == DType::kFloat32 ? "_real" : type == DType::kInt8 ? "_int8" : "_int16";
    const TensorId twin = add_twin(id, suffix, type, params);
    add_conversion(id, twin);
    return twins_[key] = twin;
  }

  /// Float outputs: what is integer inside is dequantized, and the outer tensor keeps the name.
  void finish_outputs() {
    for (TensorId& output : out_.outputs) {
      if (model_.tensor(output).type != DType::kFloat32) continue;
      const TensorId inner = output;
      output = as(inner, DType::kFloat32, {});
      if (output == inner) continue;
      out_.tensor(output).name = out_.tensor(inner).name;
      out_.tensor(inner).name += out_.tensor(inner).type == DType::kInt16 ? "_int16" : "_int8";
    }
  }

  Result<Op> quantize_op(size_t index) {
    Op op = model_.ops[index];
    const LayerType type = types_[index];
    if (type == LayerType::kFloat32 || op.kind == OpKind::kShape) {
      for (size_t position : activation_inputs(op)) {
        TensorId& input = op.inputs[position];
        if (model_.tensor(input).type == DType::kFloat32 && op.kind != OpKind::kShape) input = as(input, DType::kFloat32, {});
      }
      return op;
    }
    const OutputRule rule = find_support(op, type).rule;
    Quantization output;
    if (rule != OutputRule::kNoActivation) {
      LITEQAT_ASSIGN_OR_RETURN(output, params_of(op.outputs[0], type));
    }
    for (size_t position : activation_inputs(op)) {
      LITEQAT_ASSIGN_OR_RETURN(const Quantization params, input_params(op, position, type, output));
      op.inputs[position] = as(op.inputs[position], activation_type(type), params);
    }
    if (has_channel_weights(op.kind)) LITEQAT_RETURN_IF_ERROR(quantize_weights(op, type));
    if (rule == OutputRule::kNoActivation) return op;
    for (TensorId id : op.outputs) {
      out_.tensor(id).type = activation_type(type);
      out_.tensor(id).quantization = output;
    }
    // The older kernel wants scales that are powers of two.
    if (auto* arithmetic = std::get_if<graph::ArithmeticParams>(&op.params); arithmetic != nullptr && type == LayerType::kInt16x8) {
      arithmetic->power_of_two_int16 = false;
    }
    return op;
  }

  Result<Quantization> input_params(const Op& op, size_t position, LayerType type, const Quantization& output) const {
    const TensorId id = op.inputs[position];
    if (find_support(op, type).rule == OutputRule::kSameScale) return output;
    if (model_.tensor(id).constant()) return constant_params(model_.tensor(id), type, op.kind == OpKind::kPrelu);
    return params_of(id, type);
  }

  /// Weights and bias; the input must have its parameters already.
  Status quantize_weights(Op& op, LayerType type) {
    const TensorId weights = op.inputs[1];
    const auto found = request_.weights.find(weights);
    LITEQAT_CHECK(found != request_.weights.end());
    const float input_scale = out_.tensor(op.inputs[activation_inputs(op)[0]]).quantization.scale[0];
    const size_t position = bias_position(op.kind);
    const bool has_bias = op.inputs.size() > position && op.inputs[position] != kNoTensor;
    WeightCodes codes = found->second;
    if (has_bias) {
      const Tensor& bias = model_.tensor(op.inputs[position]);
      if (type == LayerType::kInt8) fit_bias(bias.as<float>(), input_scale, OutputChannel(model_.tensor(weights), op.kind), codes);
      LITEQAT_ASSIGN_OR_RETURN(Tensor integer, make_integer_bias(bias, input_scale, codes.scale, type));
      op.inputs[position] = out_.add_tensor(std::move(integer));
    }
    const bool own = codes.scale != found->second.scale;  // enlarged for this operator's bias
    const auto known = weight_twins_.find(weights);
    if (!own && known != weight_twins_.end()) {
      op.inputs[1] = known->second;
      return {};
    }
    Tensor integer = model_.tensor(weights);
    set_codes(integer, std::move(codes), weight_axis(op.kind));
    op.inputs[1] = out_.add_tensor(std::move(integer));
    if (!own) weight_twins_[weights] = op.inputs[1];
    return {};
  }

  const Graph& model_;
  const QuantizeRequest& request_;
  QuantizedGraph result_;
  std::vector<LayerType> types_;
  std::vector<TensorId> groups_;
  std::map<TensorId, Quantization> fixed_;  // by group
  Graph out_;
  std::map<TwinKey, TensorId> twins_;
  std::map<TensorId, TensorId> weight_twins_;
};

}  // namespace

Result<QuantizedGraph> quantize_graph(const Graph& model, const QuantizeRequest& request) {
  LITEQAT_CHECK_EQ(request.layers.size(), model.ops.size());
  LITEQAT_RETURN_IF_ERROR(graph::validate(model));
  return GraphQuantizer(model, request).run();
}

}  // namespace liteqat::quant
