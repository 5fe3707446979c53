#include <cmath>
#include <string>
#include <vector>

#include "graph/op_rules.h"
#include "graph/rules.h"

namespace liteqat::graph {
namespace {

bool valid_id(const Graph& graph, TensorId id) {
  return id >= 0 && static_cast<size_t>(id) < graph.tensors.size();
}

/// Values that make no sense whatever the shapes are.
Status check_param_values(const std::string& where, const Op& op) {
  if (op.kind == OpKind::kBatchNorm) {
    const auto& params = op.params_as<BatchNormParams>();
    if (!(std::isfinite(params.epsilon) && params.epsilon > 0)) {
      return error(Code::kOutOfRange, "{}: epsilon must be finite and positive, found {}", where, params.epsilon);
    }
    if (!(params.momentum >= 0 && params.momentum <= 1)) {
      return error(Code::kOutOfRange, "{}: momentum must lie in [0, 1], found {}", where, params.momentum);
    }
  }
  if (op.kind == OpKind::kSoftmax && !std::isfinite(op.params_as<SoftmaxParams>().beta)) {
    return error(Code::kOutOfRange, "{}: beta must be finite, found {}", where, op.params_as<SoftmaxParams>().beta);
  }
  return {};
}

Status check_inputs(const Graph& graph, const std::string& where, const Op& op, const OpRule& rule, const std::vector<bool>& available) {
  if (op.inputs.size() < rule.required_inputs || op.inputs.size() > rule.allowed_inputs) {
    return error(Code::kMismatch, "{}: expected {} to {} inputs, found {}", where, rule.required_inputs, rule.allowed_inputs,
                 op.inputs.size());
  }
  for (size_t position = 0; position < op.inputs.size(); ++position) {
    const TensorId id = op.inputs[position];
    const bool may_be_omitted = position >= rule.required_inputs && rule.allowed_inputs != kManyTensors;
    if (id == kNoTensor && may_be_omitted) continue;
    if (!valid_id(graph, id)) {
      return error(Code::kMismatch, "{}: input {} is tensor {}, the graph has tensors 0 to {}", where, position, id,
                   static_cast<int64_t>(graph.tensors.size()) - 1);
    }
    if (!available[static_cast<size_t>(id)]) {
      return error(Code::kMismatch,
                   "{}: input {} (tensor {} '{}') is neither constant nor a graph input nor computed by an earlier operator", where,
                   position, id, graph.tensor(id).name);
    }
  }
  return {};
}

Status check_index_inputs(const Graph& graph, const std::string& where, const Op& op, const OpRule& rule) {
  for (size_t position = 0; position < op.inputs.size(); ++position) {
    if (!rule.is_index_input(position)) continue;
    const Tensor& indices = graph.tensor(op.inputs[position]);
    if (indices.type == DType::kInt32 || indices.type == DType::kInt64) continue;
    return error(Code::kUnsupported, "{}: input {} (tensor '{}') must be of type int32 or int64, found {}", where, position, indices.name,
                 dtype_name(indices.type));
  }
  return {};
}

Status check_outputs(const Graph& graph, const std::string& where, const Op& op, const OpRule& rule, std::vector<bool>& available) {
  if (op.outputs.size() < rule.least_outputs || op.outputs.size() > rule.most_outputs) {
    return rule.most_outputs == 1 ? error(Code::kMismatch, "{}: expected 1 output, found {}", where, op.outputs.size())
                                  : error(Code::kMismatch, "{}: expected {} to {} outputs, found {}", where, rule.least_outputs,
                                          rule.most_outputs, op.outputs.size());
  }
  for (TensorId output : op.outputs) {
    if (!valid_id(graph, output)) {
      return error(Code::kMismatch, "{}: its output is tensor {}, the graph has tensors 0 to {}", where, output,
                   static_cast<int64_t>(graph.tensors.size()) - 1);
    }
    if (available[static_cast<size_t>(output)]) {
      return error(Code::kMismatch, "{}: its output (tensor {} '{}') already has a value: a constant, a graph input or an earlier result",
                   where, output, graph.tensor(output).name);
    }
    available[static_cast<size_t>(output)] = true;
  }
  return {};
}

Status check_op(const Graph& graph, size_t op_index, std::vector<bool>& available) {
  const Op& op = graph.ops[op_index];
  const std::string where = op_text(graph, op_index);
  const OpRule* rule = find_op_rule(op.kind);
  if (rule == nullptr) return error(Code::kUnsupported, "{}: unknown operator kind {}", where, static_cast<int>(op.kind));
  if (op.params.index() != rule->params) {
    return error(Code::kMismatch, "{}: its parameters are those of another operator (alternative {})", where, op.params.index());
  }
  LITEQAT_RETURN_IF_ERROR(check_param_values(where, op));
  LITEQAT_RETURN_IF_ERROR(check_inputs(graph, where, op, *rule, available));
  LITEQAT_RETURN_IF_ERROR(check_index_inputs(graph, where, op, *rule));
  return check_outputs(graph, where, op, *rule, available);
}

Status check_graph_inputs(const Graph& graph, std::vector<bool>& available) {
  for (size_t position = 0; position < graph.inputs.size(); ++position) {
    const TensorId id = graph.inputs[position];
    if (!valid_id(graph, id)) {
      return error(Code::kMismatch, "graph input {} is tensor {}, the graph has tensors 0 to {}", position, id,
                   static_cast<int64_t>(graph.tensors.size()) - 1);
    }
    if (available[static_cast<size_t>(id)]) {
      return error(Code::kMismatch, "graph input {} (tensor {} '{}') is constant or listed twice", position, id, graph.tensor(id).name);
    }
    available[static_cast<size_t>(id)] = true;
  }
  return {};
}

}  // namespace

std::string op_text(const Graph& graph, size_t op_index) {
  const Op& op = graph.ops[op_index];
  return format("{} '{}' (operator {})", op_kind_name(op.kind), op.name, op_index);
}

Status check_structure(const Graph& graph) {
  if (graph.inputs.empty() || graph.outputs.empty()) {
    return error(Code::kMismatch, "a graph needs inputs and outputs, found {} inputs and {} outputs", graph.inputs.size(),
                 graph.outputs.size());
  }
  std::vector<bool> available(graph.tensors.size());
  for (size_t id = 0; id < graph.tensors.size(); ++id) available[id] = graph.tensors[id].constant();
  LITEQAT_RETURN_IF_ERROR(check_graph_inputs(graph, available));
  for (size_t op_index = 0; op_index < graph.ops.size(); ++op_index) LITEQAT_RETURN_IF_ERROR(check_op(graph, op_index, available));
  for (size_t position = 0; position < graph.outputs.size(); ++position) {
    const TensorId id = graph.outputs[position];
    if (!valid_id(graph, id)) {
      return error(Code::kMismatch, "graph output {} is tensor {}, the graph has tensors 0 to {}", position, id,
                   static_cast<int64_t>(graph.tensors.size()) - 1);
    }
    if (!available[static_cast<size_t>(id)]) {
      return error(Code::kMismatch, "graph output {} (tensor {} '{}') is not computed by any operator", position, id,
                   graph.tensor(id).name);
    }
  }
  return {};
}

}  // namespace liteqat::graph
