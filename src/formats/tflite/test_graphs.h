// Small graphs for tests: one network with every operator that .tflite files hold, in float32 and int8, and one with float16 weights.
// Not part of the library. Values are pure functions of the tensor's name.
#pragma once

#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "graph/graph.h"

namespace liteqat::formats::tflite {

class TestGraph {
 public:
  explicit TestGraph(graph::DType type) : type_(type) {}

  graph::TensorId activation(const std::string& name, graph::Shape shape, float scale = 0.05f, int64_t zero_point = -3) {
    graph::Tensor tensor{.name = name, .type = type_, .shape = std::move(shape)};
    if (quantized()) tensor.quantization = {{scale}, {zero_point}, 0};
    return graph.add_tensor(std::move(tensor));
  }
  graph::TensorId float_activation(const std::string& name, graph::Shape shape) {
    return graph.add_tensor({.name = name, .type = graph::DType::kFloat32, .shape = std::move(shape)});
  }
  template <typename T>
  graph::TensorId constant(const std::string& name, graph::DType type, graph::Shape shape, const std::vector<T>& values,
                           graph::Quantization quantization = {}) {
    graph::Tensor tensor{.name = name, .type = type, .shape = std::move(shape), .role = graph::Role::kConstant};
    tensor.data.resize(values.size() * sizeof(T));
    std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
    tensor.quantization = std::move(quantization);
    return graph.add_tensor(std::move(tensor));
  }
  graph::TensorId indices(const std::string& name, graph::Shape shape, const std::vector<int32_t>& values) {
    return constant(name, graph::DType::kInt32, std::move(shape), values);
  }
  /// Weights in [-reach, reach]; int8 ones are the same values, quantized with a scale per slice of the axis.
  graph::TensorId weights(const std::string& name, graph::Shape shape, int32_t axis, float reach = 1) {
    Rng rng(name.size(), static_cast<uint64_t>(name.back()));
    std::vector<float> values(static_cast<size_t>(graph::elem_count(shape)));
    for (float& value : values) value = reach * (2 * rng.next_float() - 1);
    if (!quantized()) return constant(name, type_, std::move(shape), values);
    const auto slices = static_cast<size_t>(shape[static_cast<size_t>(axis)]);
    graph::Quantization quantization{{}, std::vector<int64_t>(slices, 0), axis};
    for (size_t slice = 0; slice < slices; ++slice) quantization.scale.push_back(reach * (1 + 0.125f * static_cast<float>(slice)) / 127);
    const size_t run = axis == 0 ? values.size() / slices : 1;  // elements in a row of one slice: the axis is the first or the last
    std::vector<int8_t> codes;
    for (size_t elem = 0; elem < values.size(); ++elem) {
      codes.push_back(static_cast<int8_t>(std::lround(values[elem] / quantization.scale[elem / run % slices])));
    }
    return constant(name, graph::DType::kInt8, std::move(shape), codes, quantization);
  }
  graph::TensorId bias(const std::string& name, graph::TensorId x, graph::TensorId w, int32_t channels, float first = -0.5f) {
    std::vector<float> values(static_cast<size_t>(channels));
    for (size_t channel = 0; channel < values.size(); ++channel) values[channel] = first + 0.25f * static_cast<float>(channel);
    if (!quantized()) return constant(name, type_, {channels}, values);
    graph::Quantization quantization{{}, std::vector<int64_t>(values.size(), 0), 0};
    std::vector<int32_t> codes;
    for (size_t channel = 0; channel < values.size(); ++channel) {
      const float scale = graph.tensor(x).quantization.scale[0] * graph.tensor(w).quantization.scale[channel];
      quantization.scale.push_back(scale);
      codes.push_back(static_cast<int32_t>(std::lround(values[channel] / scale)));
    }
    return constant(name, graph::DType::kInt32, {channels}, codes, quantization);
  }
  void op(graph::OpKind kind, std::vector<graph::TensorId> inputs, graph::TensorId output, graph::OpParams params = {}) {
    graph.ops.push_back({kind, graph.tensor(output).name, std::move(inputs), {output}, params, 0});
  }
  bool quantized() const { return type_ == graph::DType::kInt8; }

  graph::Graph graph;

 private:
  graph::DType type_;
};

/// [1,9,7,3] -> [1,5] by every operator. Requires: kFloat32 or kInt8 (then with QUANTIZE and DEQUANTIZE at its ends).
inline graph::Graph make_every_operator(graph::DType type) {
  using namespace graph;  // NOLINT: a test's list of operators
  TestGraph net(type);
  TensorId x = net.quantized() ? net.float_activation("image", {1, 9, 7, 3}) : net.activation("image", {1, 9, 7, 3});
  net.graph.inputs = {x};
  if (net.quantized()) {
    const TensorId real = x;
    net.op(OpKind::kQuantize, {real}, x = net.activation("image_q", {1, 9, 7, 3}));
  }
  const TensorId pad = net.activation("pad", {1, 10, 8, 3});
  net.op(OpKind::kPad, {x, net.indices("paddings", {4, 2}, {0, 0, 0, 1, 0, 1, 0, 0})}, pad);
  const TensorId conv = net.activation("conv", {1, 4, 6, 4}, 6.0f / 255, -128), conv_w = net.weights("conv_w", {4, 3, 3, 3}, 0);
  net.op(OpKind::kConv2D, {pad, conv_w, net.bias("conv_b", pad, conv_w, 4)}, conv,
         Conv2DParams{.padding = Padding::kValid, .stride_h = 2, .stride_w = 1, .activation = Activation::kRelu6});
  const TensorId depthwise = net.activation("depthwise", {1, 4, 6, 4}, 0.1f), depthwise_w = net.weights("depthwise_w", {1, 3, 3, 4}, 3);
  net.op(OpKind::kDepthwiseConv2D, {conv, depthwise_w, net.bias("depthwise_b", conv, depthwise_w, 4)}, depthwise,
         DepthwiseConv2DParams{.dilation_h = 2});
  const TensorId relu = net.activation("relu", {1, 4, 6, 4}, 0.06f, -128);
  net.op(OpKind::kRelu, {depthwise}, relu);
  const TensorId add = net.activation("add", {1, 4, 6, 4}, 0.07f, -120);
  net.op(OpKind::kAdd, {relu, conv}, add, ArithmeticParams{Activation::kRelu});
  const TensorId max_pool = net.activation("max_pool", {1, 2, 3, 4}, 0.07f, -120);
  net.op(OpKind::kMaxPool2D, {add}, max_pool,
         Pool2DParams{.padding = Padding::kSame, .stride_h = 2, .stride_w = 2, .filter_h = 2, .filter_w = 2});
  const TensorId average = net.activation("average_pool", {1, 2, 2, 4}, 0.07f, -120);
  net.op(OpKind::kAveragePool2D, {max_pool}, average, Pool2DParams{.filter_h = 1, .filter_w = 2});
  const TensorId flat = net.activation("flat", {1, 16}, 0.07f, -120);
  net.op(OpKind::kReshape, {average, net.indices("flat_shape", {2}, {-1, 16})}, flat);
  const TensorId mean = net.activation("mean", {1, 4}, 0.06f, -119);
  net.op(OpKind::kMean, {average, net.indices("axes", {2}, {1, 2})}, mean, ReductionParams{});
  const TensorId dense1 = net.activation("dense1", {1, 5}, 0.2f), dense1_w = net.weights("dense1_w", {5, 16}, 0, 0.25f);
  net.op(OpKind::kFullyConnected, {flat, dense1_w, kNoTensor}, dense1, FullyConnectedParams{});
  const TensorId dense2 = net.activation("dense2", {1, 5}, 0.22f), dense2_w = net.weights("dense2_w", {5, 4}, 0, 0.5f);
  net.op(OpKind::kFullyConnected, {mean, dense2_w, net.bias("dense2_b", mean, dense2_w, 5, 6.0f)}, dense2, FullyConnectedParams{});
  const TensorId sum = net.activation("sum", {1, 5}, 0.3f, 7), relu6 = net.activation("relu6", {1, 5}, 6.0f / 255, -128);
  net.op(OpKind::kAdd, {dense1, dense2}, sum, ArithmeticParams{});
  net.op(OpKind::kRelu6, {sum}, relu6);
  TensorId y = net.activation("scores", {1, 5}, 1.0f / 256, -128);
  net.op(OpKind::kSoftmax, {relu6}, y, SoftmaxParams{1.0f});
  if (net.quantized()) {
    const TensorId codes = y;
    net.op(OpKind::kDequantize, {codes}, y = net.float_activation("scores_real", {1, 5}));
  }
  net.graph.outputs = {y};
  net.graph.info = {"every_operator", "A test network.", InputNormalization{{127.5f, 120, 110}, {64, 63, 62}}, {"a", "b c", "d", "", "e"}};
  return std::move(net.graph);
}

/// [1,3] -> [1,2]: float16 weights, dequantized, then a dense operator without bias input.
inline graph::Graph make_float16_weights() {
  using namespace graph;  // NOLINT
  TestGraph net(DType::kFloat32);
  const TensorId x = net.activation("x", {1, 3}), y = net.activation("y", {1, 2});
  // 1, -2, 0.5, 0, 65504, 2^-24 as IEEE binary16.
  const TensorId half = net.constant<uint16_t>("w_half", DType::kFloat16, {2, 3}, {0x3C00, 0xC000, 0x3800, 0x0000, 0x7BFF, 0x0001});
  const TensorId w = net.activation("w", {2, 3});
  net.op(OpKind::kDequantize, {half}, w);
  net.op(OpKind::kFullyConnected, {x, w}, y, FullyConnectedParams{});
  net.graph.inputs = {x};
  net.graph.outputs = {y};
  return std::move(net.graph);
}

}  // namespace liteqat::formats::tflite
