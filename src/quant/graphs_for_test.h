// Small graphs and literal values for the tests of this module.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "graph/builder.h"
#include "graph/graph.h"
#include "quant/plan.h"

namespace liteqat::quant {

/// Overwrites a tensor's float values. Requires: the tensor exists and has as many.
inline void set_floats(graph::Graph& graph, const std::string& name, const std::vector<float>& values) {
  graph::Tensor& tensor = graph.tensor(graph.find_tensor(name));
  LITEQAT_CHECK_EQ(tensor.data.size(), values.size() * sizeof(float));
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
}

/// Overwrites an activation's range.
inline void set_range(const graph::Graph& graph, Plan& plan, const std::string& name, float min, float max) {
  Quantizer* quantizer = plan.find(graph.find_tensor(name));
  LITEQAT_CHECK(quantizer != nullptr);
  quantizer->min = {min};
  quantizer->max = {max};
}

template <typename T>
std::vector<T> values_of(const graph::Graph& graph, const std::string& name) {
  const std::span<const T> values = graph.tensor(graph.find_tensor(name)).as<T>();
  return {values.begin(), values.end()};
}

/// Kinds of the operators in order, by TFLite's names.
inline std::vector<std::string> kinds(const graph::Graph& graph) {
  std::vector<std::string> names;
  for (const graph::Op& op : graph.ops) names.emplace_back(op_kind_name(op.kind));
  return names;
}

/// Names of the tensors that a plan quantizes, in tensor order.
inline std::vector<std::string> quantized_tensors(const graph::Graph& graph, const Plan& plan) {
  std::vector<std::string> names;
  for (const Quantizer& quantizer : plan.quantizers) names.push_back(graph.tensor(quantizer.tensor).name);
  return names;
}

/// input [1,1,1,2] -> "conv" 1x1 to 2 channels, with bias -> "conv_bn" -> "conv_relu" (output "out").
inline graph::Graph conv_bn_relu() {
  graph::GraphBuilder builder("test", 1, {.epsilon = 1e-3f, .momentum = 0.9f});
  graph::TensorId x = builder.conv2d("conv", builder.input(1, 1, 2), {.filters = 2, .bias = true});
  return builder.finish(builder.relu("conv_relu", builder.batch_norm("conv_bn", x)), "out").value();
}

/// input [1,2] -> reshape -> "dense" to 2 units (output "out").
inline graph::Graph dense_only() {
  graph::GraphBuilder builder("test", 1, {});
  const graph::TensorId x = builder.reshape("flatten", builder.input(1, 1, 2), {-1, 2});
  return builder.finish(builder.dense("dense", x, 2), "out").value();
}

}  // namespace liteqat::quant
