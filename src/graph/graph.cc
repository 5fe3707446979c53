#include "graph/graph.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/format.h"

namespace liteqat::graph {

const char* dtype_name(DType type) {
  switch (type) {
    case DType::kFloat32:
      return "float32";
    case DType::kFloat16:
      return "float16";
    case DType::kInt8:
      return "int8";
    case DType::kUInt8:
      return "uint8";
    case DType::kInt16:
      return "int16";
    case DType::kInt32:
      return "int32";
    case DType::kInt64:
      return "int64";
    case DType::kBool:
      return "bool";
  }
  return "unknown type";
}

int64_t dtype_bytes(DType type) {
  switch (type) {
    case DType::kInt8:
    case DType::kUInt8:
    case DType::kBool:
      return 1;
    case DType::kFloat16:
    case DType::kInt16:
      return 2;
    case DType::kFloat32:
    case DType::kInt32:
      return 4;
    case DType::kInt64:
      return 8;
  }
  return 0;
}

Activation fused_activation(const Op& op) {
  return std::visit(
      [](const auto& params) {
        if constexpr (requires { params.activation; }) return params.activation;
        return Activation::kNone;
      },
      op.params);
}

void set_fused_activation(Op& op, Activation activation) {
  std::visit(
      [&](auto& params) {
        if constexpr (requires { params.activation; }) {
          params.activation = activation;
        } else {
          LITEQAT_CHECK(activation == Activation::kNone);
        }
      },
      op.params);
}

int64_t elem_count(const Shape& shape) {
  int64_t count = 1;
  for (int32_t extent : shape) count *= extent;
  return count;
}

std::string shape_text(const Shape& shape) {
  std::string text = "[";
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (axis > 0) text += ',';
    text += format("{}", shape[axis]);
  }
  return text + "]";
}

TensorId Graph::add_tensor(Tensor tensor) {
  tensors.push_back(std::move(tensor));
  return static_cast<TensorId>(tensors.size() - 1);
}

TensorId Graph::find_tensor(const std::string& name) const {
  for (size_t id = 0; id < tensors.size(); ++id) {
    if (tensors[id].name == name) return static_cast<TensorId>(id);
  }
  return kNoTensor;
}

int32_t Graph::find_producer(TensorId id) const {
  for (size_t index = 0; index < ops.size(); ++index) {
    if (std::ranges::find(ops[index].outputs, id) != ops[index].outputs.end()) return static_cast<int32_t>(index);
  }
  return -1;
}

std::vector<int32_t> Graph::find_consumers(TensorId id) const {
  std::vector<int32_t> consumers;
  for (size_t index = 0; index < ops.size(); ++index) {
    if (std::ranges::find(ops[index].inputs, id) != ops[index].inputs.end()) consumers.push_back(static_cast<int32_t>(index));
  }
  return consumers;
}

int64_t count_parameters(const Graph& graph, bool with_statistics) {
  int64_t count = 0;
  for (const Tensor& tensor : graph.tensors) {
    if (tensor.role == Role::kParameter || (with_statistics && tensor.role == Role::kStatistic)) count += elem_count(tensor.shape);
  }
  return count;
}

}  // namespace liteqat::graph
