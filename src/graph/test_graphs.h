// Small graphs for this module's tests. Included by *_test.cc only.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace liteqat::graph {

template <typename T>
std::vector<std::byte> bytes_of(const std::vector<T>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

inline Tensor float_activation(const std::string& name, Shape shape) {
  return {.name = name, .shape = std::move(shape)};
}

inline Tensor float_parameter(const std::string& name, Shape shape) {
  Tensor tensor = {.name = name, .shape = std::move(shape), .role = Role::kParameter};
  tensor.data.resize(static_cast<size_t>(elem_count(tensor.shape)) * sizeof(float));
  return tensor;
}

inline Tensor int32_constant(const std::string& name, Shape shape, const std::vector<int32_t>& values) {
  return {.name = name, .type = DType::kInt32, .shape = std::move(shape), .role = Role::kConstant, .data = bytes_of(values)};
}

inline Tensor int8_activation(const std::string& name, Shape shape) {
  return {.name = name, .type = DType::kInt8, .shape = std::move(shape), .quantization = {.scale = {0.5f}, .zero_point = {-3}}};
}

/// input [1,H,W,C] -> one operator with the given further inputs -> output of unset shape.
inline Graph one_op_graph(OpKind kind, OpParams params, Shape input_shape, std::vector<Tensor> further_inputs) {
  Graph graph;
  graph.inputs = {graph.add_tensor(float_activation("input", std::move(input_shape)))};
  Op op = {.kind = kind, .name = "layer", .inputs = {0}, .outputs = {}, .params = std::move(params)};
  for (Tensor& tensor : further_inputs) op.inputs.push_back(graph.add_tensor(std::move(tensor)));
  op.outputs = {graph.add_tensor(float_activation("output", {}))};
  graph.outputs = op.outputs;
  graph.ops.push_back(std::move(op));
  return graph;
}

/// int8 CONV_2D [1,5,5,2] -> [1,5,5,3], 3x3 SAME, weights per channel, int32 bias: valid as it stands.
inline Graph int8_conv_graph() {
  Graph graph;
  graph.add_tensor(int8_activation("input", {1, 5, 5, 2}));
  Tensor weights = {.name = "weights", .type = DType::kInt8, .shape = {3, 3, 3, 2}, .role = Role::kConstant};
  weights.data.resize(54);
  weights.quantization = {.scale = {0.1f, 0.2f, 0.3f}, .zero_point = {0, 0, 0}, .axis = 0};
  graph.add_tensor(std::move(weights));
  Tensor bias = int32_constant("bias", {3}, {1, 2, 3});
  bias.quantization = {.scale = {0.05f, 0.1f, 0.15f}, .zero_point = {0, 0, 0}, .axis = 0};
  graph.add_tensor(std::move(bias));
  graph.add_tensor(int8_activation("output", {1, 5, 5, 3}));
  graph.ops.push_back({.kind = OpKind::kConv2D, .name = "conv", .inputs = {0, 1, 2}, .outputs = {3}, .params = Conv2DParams{}});
  graph.inputs = {0};
  graph.outputs = {3};
  return graph;
}

}  // namespace liteqat::graph
