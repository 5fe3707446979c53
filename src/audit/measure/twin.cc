#include "audit/measure/twin.h"

#include <algorithm>
#include <utility>

#include "quant/dequantize.h"

namespace liteqat::audit {
namespace {

using graph::DType;
using graph::OpKind;
using graph::Tensor;

bool has_codes(const Tensor& tensor) {
  const bool integer =
      tensor.type == DType::kInt8 || tensor.type == DType::kUInt8 || tensor.type == DType::kInt16 || tensor.type == DType::kInt32;
  return integer && !tensor.quantization.empty();
}

bool converts(const graph::Op& op) {
  return op.kind == OpKind::kQuantize || op.kind == OpKind::kDequantize;
}

}  // namespace

bool is_integer_graph(const graph::Graph& graph) {
  return std::any_of(graph.ops.begin(), graph.ops.end(),
                     [&](const graph::Op& op) { return !converts(op) && !op.outputs.empty() && has_codes(graph.tensor(op.outputs[0])); });
}

Result<graph::Graph> make_float_twin(const graph::Graph& graph) {
  graph::Graph twin = graph;
  std::vector<graph::TensorId> alias(twin.tensors.size());
  for (size_t id = 0; id < alias.size(); ++id) alias[id] = static_cast<graph::TensorId>(id);
  twin.ops.clear();
  for (graph::Op op : graph.ops) {
    for (graph::TensorId& input : op.inputs) {
      if (input != graph::kNoTensor) input = alias[static_cast<size_t>(input)];
    }
    if (converts(op)) {
      alias[static_cast<size_t>(op.outputs[0])] = op.inputs[0];
      continue;
    }
    op.version = 0;
    twin.ops.push_back(std::move(op));
  }
  for (graph::TensorId& output : twin.outputs) output = alias[static_cast<size_t>(output)];
  for (Tensor& tensor : twin.tensors) {
    if (!has_codes(tensor)) continue;
    if (tensor.constant()) tensor = quant::dequantized(std::move(tensor));
    tensor.type = DType::kFloat32;
    tensor.quantization = {};
  }
  const Status valid = graph::validate(twin);
  if (!valid.ok()) return Status(Code::kUnsupported, "no float twin: " + valid.message());
  return twin;
}

std::vector<int32_t> computing_ops(const graph::Graph& graph) {
  std::vector<int32_t> indices;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (!converts(graph.ops[i])) indices.push_back(static_cast<int32_t>(i));
  }
  return indices;
}

bool same_operators(const graph::Graph& a, const graph::Graph& b) {
  const auto in_a = computing_ops(a), in_b = computing_ops(b);
  if (in_a.size() != in_b.size()) return false;
  for (size_t i = 0; i < in_a.size(); ++i) {
    const graph::Op &left = a.ops[static_cast<size_t>(in_a[i])], &right = b.ops[static_cast<size_t>(in_b[i])];
    if (left.kind != right.kind || a.tensor(left.outputs[0]).shape != b.tensor(right.outputs[0]).shape) return false;
  }
  return true;
}

}  // namespace liteqat::audit
