#include "quant/raise.h"

#include <cstring>
#include <set>
#include <utility>

#include "quant/dequantize.h"
#include "quant/integer_constants.h"
#include "quant/passes.h"
#include "quant/weights.h"

namespace liteqat::quant {

using graph::Activation;
using graph::DType;
using graph::Graph;
using graph::kNoTensor;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;

namespace {

constexpr const char* kKernelSuffix = "/kernel";

OpKind activation_kind(Activation activation) {
  if (activation == Activation::kRelu) return OpKind::kRelu;
  return activation == Activation::kRelu6 ? OpKind::kRelu6 : OpKind::kReluN1To1;
}

class Raising {
 public:
  explicit Raising(Graph graph) : graph_(std::move(graph)) {}

  Result<Graph> run() {
    fold_dequantized_constants(graph_);
    remove_unused_tensors(graph_);
    LITEQAT_RETURN_IF_ERROR(check_float(graph_));
    name_tensors();
    std::vector<Op> stored = std::move(graph_.ops);
    graph_.ops.clear();
    for (Op& op : stored) add(std::move(op));
    make_names_unique(graph_);
    LITEQAT_RETURN_IF_ERROR(graph::validate(graph_));
    return std::move(graph_);
  }

 private:
  void name_tensors() {
    for (size_t id = 0; id < graph_.tensors.size(); ++id) {
      if (graph_.tensors[id].name.empty()) graph_.tensors[id].name = format("tensor_{}", id);
    }
    make_names_unique(graph_);
    for (Op& op : graph_.ops) op.name = graph_.tensor(op.outputs[0]).name;
  }

  void add(Op op) {
    op.version = 0;
    if (op.kind == OpKind::kSqueeze || op.kind == OpKind::kExpandDims) op = as_reshape(std::move(op));
    if (has_weights(op.kind)) take_weights(op);
    if (op.kind == OpKind::kFullyConnected) flatten_input(op);
    const Activation fused = graph::fused_activation(op);
    if (fused == Activation::kNone) {
      graph_.ops.push_back(std::move(op));
      return;
    }
    graph::set_fused_activation(op, Activation::kNone);
    const TensorId activated = op.outputs[0];
    const std::string name = graph_.tensor(activated).name;
    const TensorId linear = add_activation(op.name == name ? name + "/linear" : op.name, graph_.tensor(activated).shape);
    op.outputs = {linear};
    op.name = graph_.tensor(linear).name;
    graph_.ops.push_back(std::move(op));
    graph_.ops.push_back({.kind = activation_kind(fused), .name = name, .inputs = {linear}, .outputs = {activated}, .params = {}});
  }

  void take_weights(Op& op) {
    for (size_t position = 1; position < op.inputs.size(); ++position) {
      if (op.inputs[position] == kNoTensor) continue;
      Tensor& tensor = graph_.tensor(op.inputs[position]);
      if (tensor.constant()) tensor.role = graph::Role::kParameter;
    }
    const std::string& weights = graph_.tensor(op.inputs[1]).name;
    if (!weights.ends_with(kKernelSuffix)) return;
    const std::string layer = weights.substr(0, weights.size() - std::strlen(kKernelSuffix));
    if (layers_.insert(layer).second) op.name = layer;
  }

  /// Dense layers of TFLite flatten what they read.
  void flatten_input(Op& op) {
    auto& params = std::get<graph::FullyConnectedParams>(op.params);
    const graph::Shape input = graph_.tensor(op.inputs[0]).shape, output = graph_.tensor(op.outputs[0]).shape;
    if (output.size() != 2) return;
    params.keep_num_dims = false;
    if (input.size() == 2) return;
    const int32_t features = graph_.tensor(op.inputs[1]).shape[1];
    const std::string name = op.name + "/flatten";
    const TensorId flat = add_activation(name, {output[0], features});
    graph_.ops.push_back({.kind = OpKind::kReshape,
                          .name = graph_.tensor(flat).name,
                          .inputs = {op.inputs[0], add_shape(name + "/shape", {-1, features})},
                          .outputs = {flat},
                          .params = {}});
    op.inputs[0] = flat;
  }

  Op as_reshape(Op op) {
    const graph::Shape& input = graph_.tensor(op.inputs[0]).shape;
    graph::Shape shape = graph_.tensor(op.outputs[0]).shape;
    if (!shape.empty() && !input.empty() && input[0] == shape[0]) shape[0] = -1;  // the batch
    return {.kind = OpKind::kReshape,
            .name = op.name,
            .inputs = {op.inputs[0], add_shape(op.name + "/shape", shape)},
            .outputs = op.outputs,
            .params = {}};
  }

  TensorId add_activation(const std::string& name, const graph::Shape& shape) {
    Tensor tensor;
    tensor.name = name;
    while (graph_.find_tensor(tensor.name) != kNoTensor) tensor.name += "_";
    tensor.shape = shape;
    return graph_.add_tensor(std::move(tensor));
  }

  TensorId add_shape(const std::string& name, const std::vector<int32_t>& values) {
    Tensor tensor;
    tensor.name = name;
    tensor.type = DType::kInt32;
    tensor.shape = {static_cast<int32_t>(values.size())};
    tensor.role = graph::Role::kConstant;
    tensor.data.resize(values.size() * sizeof(int32_t));
    if (!values.empty()) std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
    return graph_.add_tensor(std::move(tensor));
  }

  Graph graph_;
  std::set<std::string> layers_;
};

}  // namespace

Result<Graph> raise_for_training(const Graph& deployed) {
  return Raising(deployed).run();
}

}  // namespace liteqat::quant
