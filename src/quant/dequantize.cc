#include "quant/dequantize.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "numeric/float16.h"
#include "quant/integer_constants.h"
#include "quant/passes.h"
#include "quant/weights.h"

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

/// Index of the scale that an element has.
size_t channel_of(const Tensor& tensor, const Quantization& params, size_t element) {
  if (params.scale.size() == 1) return 0;
  size_t inner = 1;
  for (size_t axis = static_cast<size_t>(params.axis) + 1; axis < tensor.shape.size(); ++axis) {
    inner *= static_cast<size_t>(tensor.shape[axis]);
  }
  return element / inner % params.scale.size();
}

bool holds_codes(const Tensor& tensor) {
  const bool integer = tensor.type != DType::kFloat32 && tensor.type != DType::kFloat16 && tensor.type != DType::kBool;
  return integer && !tensor.quantization.empty();
}

/// Parameters of a bias that a file stores without its own: input scale * weight scale, as every integer kernel takes it.
std::optional<Quantization> bias_params(const Graph& graph, const Op& op) {
  const Quantization &x = graph.tensor(op.inputs[activation_inputs(op)[0]]).quantization, &w = graph.tensor(op.inputs[1]).quantization;
  if (x.empty() || w.empty()) return std::nullopt;
  Quantization params;
  for (float scale : w.scale) params.scale.push_back(x.scale[0] * scale);
  params.zero_point.assign(params.scale.size(), 0);
  return params;
}

void complete_bias_params(Graph& graph) {
  for (const Op& op : graph.ops) {
    if (!has_channel_weights(op.kind)) continue;
    const size_t position = bias_position(op.kind);
    if (op.inputs.size() <= position || op.inputs[position] == kNoTensor) continue;
    Tensor& bias = graph.tensor(op.inputs[position]);
    const bool codes = bias.type == DType::kInt32 || bias.type == DType::kInt64;
    if (!codes || !bias.quantization.empty()) continue;
    if (const auto params = bias_params(graph, op)) bias.quantization = *params;
  }
}

int64_t lowest_code(DType type) {
  if (type == DType::kUInt8) return 0;
  return type == DType::kInt8 ? std::numeric_limits<int8_t>::min() : std::numeric_limits<int16_t>::min();
}

/// Converters drop a RELU that the output's codes imply; a float graph has to say it.
void restore_relus(Graph& graph) {
  for (Op& op : graph.ops) {
    if (!fuses_activation(op.kind) || graph::fused_activation(op) != graph::Activation::kNone) continue;
    const Tensor& output = graph.tensor(op.outputs[0]);
    if (!holds_codes(output) || output.quantization.zero_point[0] != lowest_code(output.type)) continue;
    graph::set_fused_activation(op, graph::Activation::kRelu);
  }
}

/// Takes a conversion out: its readers read what it read.
Status remove_conversion(Graph& graph, size_t index) {
  const Op op = graph.ops[index];
  const TensorId from = op.inputs[0], to = op.outputs[0];
  const bool is_output = std::ranges::find(graph.outputs, to) != graph.outputs.end();
  if (is_output && graph.find_producer(from) < 0) {
    return op_error(Code::kUnsupported, graph, graph.ops[index], "the model's output is its input or a constant, nothing computes it");
  }
  if (is_output) graph.tensor(from).name = graph.tensor(to).name;
  for (Op& reader : graph.ops) std::ranges::replace(reader.inputs, to, from);
  std::ranges::replace(graph.outputs, to, from);
  graph.ops.erase(graph.ops.begin() + static_cast<std::ptrdiff_t>(index));
  return {};
}

/// What the integer kernels of an operator are told beside its mathematics.
void forget_integer_options(Op& op) {
  op.version = 0;
  if (auto* dense = std::get_if<graph::FullyConnectedParams>(&op.params)) dense->asymmetric_inputs = false;
  if (auto* arithmetic = std::get_if<graph::ArithmeticParams>(&op.params)) arithmetic->power_of_two_int16 = true;
}

}  // namespace

int64_t code_at(const Tensor& tensor, size_t element) {
  switch (tensor.type) {
    case DType::kInt8:
      return tensor.as<int8_t>()[element];
    case DType::kUInt8:
      return tensor.as<uint8_t>()[element];
    case DType::kInt16:
      return tensor.as<int16_t>()[element];
    case DType::kInt32:
      return tensor.as<int32_t>()[element];
    default:
      return tensor.as<int64_t>()[element];
  }
}

Tensor dequantized(Tensor tensor) {
  const Quantization& params = tensor.quantization;
  std::vector<float> values(static_cast<size_t>(graph::elem_count(tensor.shape)));
  for (size_t i = 0; i < values.size(); ++i) {
    if (tensor.type == DType::kFloat16) {
      values[i] = numeric::widen_float16(tensor.as<uint16_t>()[i]);
      continue;
    }
    const size_t channel = channel_of(tensor, params, i);
    const double code = static_cast<double>(code_at(tensor, i) - params.zero_point[channel]);
    values[i] = static_cast<float>(static_cast<double>(params.scale[channel]) * code);
  }
  tensor.type = DType::kFloat32;
  tensor.quantization = {};
  tensor.data.resize(values.size() * sizeof(float));
  if (!values.empty()) std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return tensor;
}

void fold_dequantized_constants(Graph& graph) {
  for (size_t index = 0; index < graph.ops.size();) {
    const Op& op = graph.ops[index];
    if (op.kind != OpKind::kDequantize) {
      ++index;
      continue;
    }
    const Tensor& stored = graph.tensor(op.inputs[0]);
    if (!stored.constant() || !(holds_codes(stored) || stored.type == DType::kFloat16)) {
      ++index;
      continue;
    }
    graph.tensor(op.outputs[0]) = dequantized(stored);
    graph.ops.erase(graph.ops.begin() + static_cast<std::ptrdiff_t>(index));
  }
}

Status check_float(const Graph& graph) {
  for (const Tensor& tensor : graph.tensors) {
    const bool codes = holds_codes(tensor) || tensor.type == DType::kInt8 || tensor.type == DType::kUInt8 || tensor.type == DType::kInt16 ||
                       tensor.type == DType::kFloat16;
    if (codes) return error(Code::kUnsupported, "tensor \"{}\" is {}, not float32", tensor.name, graph::dtype_name(tensor.type));
  }
  return {};
}

Result<Graph> dequantize_graph(const Graph& model) {
  Graph graph = model;
  fold_dequantized_constants(graph);
  complete_bias_params(graph);
  restore_relus(graph);
  for (Tensor& tensor : graph.tensors) {
    if (!holds_codes(tensor)) continue;
    if (tensor.constant()) {
      tensor = dequantized(std::move(tensor));
    } else {
      tensor.type = DType::kFloat32;
      tensor.quantization = {};
    }
  }
  for (size_t index = 0; index < graph.ops.size();) {
    const OpKind kind = graph.ops[index].kind;
    if (kind == OpKind::kQuantize || kind == OpKind::kDequantize) {
      LITEQAT_RETURN_IF_ERROR(remove_conversion(graph, index));
    } else {
      forget_integer_options(graph.ops[index++]);
    }
  }
  remove_unused_tensors(graph);
  freeze(graph);
  make_names_unique(graph);
  LITEQAT_RETURN_IF_ERROR(check_float(graph));
  LITEQAT_RETURN_IF_ERROR(graph::validate(graph));
  return graph;
}

}  // namespace liteqat::quant
