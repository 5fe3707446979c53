#include <algorithm>

#include "quant/passes.h"
#include "quant/quantize_graph.h"

namespace liteqat::quant {

using graph::DType;
using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::TensorId;

namespace {

Status not_quantized(const Graph& graph, TensorId id, const char* what) {
  return error(Code::kUnsupported, "the {} \"{}\" cannot become an integer: the operator next to it is not computed in int8", what,
               graph.tensor(id).name);
}

/// The outer tensor as uint8 codes of the same values.
void make_unsigned(Graph& graph, TensorId outer, TensorId inner) {
  graph.tensor(outer).type = DType::kUInt8;
  graph.tensor(outer).quantization = graph.tensor(inner).quantization;
  graph.tensor(outer).quantization.zero_point[0] += 128;
}

/// Takes the conversion away: the integer tensor becomes the model's own and takes the name.
void remove_conversion(Graph& graph, size_t op, TensorId outer, TensorId inner) {
  graph.tensor(inner).name = graph.tensor(outer).name;
  graph.ops.erase(graph.ops.begin() + static_cast<std::ptrdiff_t>(op));
}

Status change_input(Graph& graph, TensorId& input, IoType io) {
  const std::vector<int32_t> readers = graph.find_consumers(input);
  const bool quantized = readers.size() == 1 && graph.ops[static_cast<size_t>(readers[0])].kind == OpKind::kQuantize;
  if (!quantized) return not_quantized(graph, input, "input");
  const auto op = static_cast<size_t>(readers[0]);
  const TensorId inner = graph.ops[op].outputs[0];
  if (graph.tensor(inner).type != DType::kInt8) return not_quantized(graph, input, "input");
  if (io == IoType::kUInt8) {
    make_unsigned(graph, input, inner);
    return {};
  }
  remove_conversion(graph, op, input, inner);
  input = inner;
  return {};
}

Status change_output(Graph& graph, TensorId& output, IoType io) {
  const int32_t producer = graph.find_producer(output);
  const bool dequantized = producer >= 0 && graph.ops[static_cast<size_t>(producer)].kind == OpKind::kDequantize;
  if (!dequantized) return not_quantized(graph, output, "output");
  const auto op = static_cast<size_t>(producer);
  const TensorId inner = graph.ops[op].inputs[0];
  if (graph.tensor(inner).type != DType::kInt8 || !graph.find_consumers(output).empty()) return not_quantized(graph, output, "output");
  if (io == IoType::kUInt8) {
    make_unsigned(graph, output, inner);
    graph.ops[op].kind = OpKind::kQuantize;
    return {};
  }
  remove_conversion(graph, op, output, inner);
  output = inner;
  return {};
}

}  // namespace

Result<Graph> change_io(const Graph& model, IoType io) {
  Graph graph = model;
  if (io == IoType::kFloat32) return graph;
  for (TensorId& input : graph.inputs) {
    if (graph.tensor(input).type == DType::kFloat32) LITEQAT_RETURN_IF_ERROR(change_input(graph, input, io));
  }
  for (TensorId& output : graph.outputs) {
    if (graph.tensor(output).type == DType::kFloat32) LITEQAT_RETURN_IF_ERROR(change_output(graph, output, io));
  }
  remove_unused_tensors(graph);
  LITEQAT_RETURN_IF_ERROR(graph::validate(graph));
  return graph;
}

}  // namespace liteqat::quant
