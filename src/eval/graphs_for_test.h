// Tiny deployed graphs for this module's tests. Included by *_test.cc only.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "graph/graph.h"

namespace liteqat::eval {

template <typename T>
std::vector<std::byte> bytes_of(const std::vector<T>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// input [1,height,width,channels] -> RESHAPE -> "out" [1,elements]: the scores are the input's values, of any type.
inline graph::Graph flatten_graph(int32_t height, int32_t width, int32_t channels, graph::DType type,
                                  const graph::Quantization& quantization) {
  const int32_t elems = height * width * channels;
  graph::Graph graph;
  graph.inputs = {graph.add_tensor({.name = "input", .type = type, .shape = {1, height, width, channels}, .quantization = quantization})};
  const graph::TensorId shape = graph.add_tensor({.name = "shape",
                                                  .type = graph::DType::kInt32,
                                                  .shape = {2},
                                                  .role = graph::Role::kConstant,
                                                  .data = bytes_of(std::vector<int32_t>{-1, elems})});
  graph.outputs = {graph.add_tensor({.name = "out", .type = type, .shape = {1, elems}, .quantization = quantization})};
  graph.ops.push_back(
      {.kind = graph::OpKind::kReshape, .name = "flatten", .inputs = {graph.inputs[0], shape}, .outputs = graph.outputs, .params = {}});
  return graph;
}

/// uint8 input and output around an int8 flatten_graph, as a model with --io uint8 has them: QUANTIZE shifts by 128 on either side.
inline graph::Graph uint8_flatten_graph(int32_t height, int32_t width, int32_t channels, float scale, int64_t zero_point) {
  graph::Graph graph = flatten_graph(height, width, channels, graph::DType::kInt8, {.scale = {scale}, .zero_point = {zero_point - 128}});
  const graph::TensorId input = graph.inputs[0], output = graph.outputs[0];
  const auto add_outer = [&](graph::TensorId inner) {
    graph::Tensor outer = graph.tensor(inner);
    outer.name += "_u8";
    outer.type = graph::DType::kUInt8;
    outer.quantization.zero_point = {zero_point};
    return graph.add_tensor(std::move(outer));
  };
  graph.inputs = {add_outer(input)};
  graph.outputs = {add_outer(output)};
  const auto quantize = [](const std::string& name, graph::TensorId from, graph::TensorId to) {
    return graph::Op{.kind = graph::OpKind::kQuantize, .name = name, .inputs = {from}, .outputs = {to}, .params = {}};
  };
  graph.ops.insert(graph.ops.begin(), quantize("in", graph.inputs[0], input));
  graph.ops.push_back(quantize("out", output, graph.outputs[0]));
  return graph;
}

/// flatten_graph, then FULLY_CONNECTED float32 with weights [classes, elements]; output "scores".
inline graph::Graph dense_graph(int32_t height, int32_t width, int32_t channels, const std::vector<float>& weights) {
  graph::Graph graph = flatten_graph(height, width, channels, graph::DType::kFloat32, {});
  const int32_t elems = height * width * channels, classes = static_cast<int32_t>(weights.size()) / elems;
  const graph::TensorId w =
      graph.add_tensor({.name = "w", .shape = {classes, elems}, .role = graph::Role::kConstant, .data = bytes_of(weights)});
  const graph::TensorId scores = graph.add_tensor({.name = "scores", .shape = {1, classes}});
  graph.ops.push_back({.kind = graph::OpKind::kFullyConnected,
                       .name = "dense",
                       .inputs = {graph.outputs[0], w, graph::kNoTensor},
                       .outputs = {scores},
                       .params = graph::FullyConnectedParams{}});
  graph.outputs = {scores};
  return graph;
}

/// Images of any pixels; labels count through `classes`.
inline data::Split sample_split(int64_t count, int32_t height, int32_t width, int32_t channels, int32_t classes) {
  data::Split split;
  split.name = "test";
  split.count = count;
  split.height = height, split.width = width, split.channels = channels;
  for (int64_t i = 0; i < count * split.image_elems(); ++i) split.pixels.push_back(static_cast<uint8_t>(i * 73 + i / 251));
  for (int64_t i = 0; i < count; ++i) split.labels.push_back(static_cast<int32_t>(i % classes));
  return split;
}

}  // namespace liteqat::eval
