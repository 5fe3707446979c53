// Random small networks for tests: chains of every operator the runtime has, with odd shapes, strides, paddings, dilations and zero
// points, in float32 or int8. A pure function of the seed. Not part of the library.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "graph/graph.h"

namespace liteqat::runtime {

class RandomGraph {
 public:
  RandomGraph(uint64_t seed, graph::DType type) : rng_(seed), type_(type) {}

  /// A network of up to `operators` operators, one input, one output. Requires: kFloat32 or kInt8.
  graph::Graph make(int operators) {
    current_ = activation({1, between(3, 9), between(3, 9), between(1, 20)});
    graph_.inputs = {current_};
    for (int op = 0; op < operators; ++op) add_spatial();
    switch (rng_.next_below(5)) {
      case 0:
        break;
      case 1:
        add_mean();
        break;
      case 2:
        add_reshape();
        add_dense();
        break;
      default:
        add_mean();
        add_dense();
        add_softmax();
    }
    graph_.outputs = {current_};
    if (type_ == graph::DType::kInt8 && rng_.next_below(3) == 0) wrap_io();
    return std::move(graph_);
  }

 private:
  int32_t between(int32_t low, int32_t high) { return low + static_cast<int32_t>(rng_.next_below(static_cast<uint32_t>(high - low + 1))); }
  bool quantized() const { return type_ == graph::DType::kInt8; }
  float random_scale() { return 0.01f + 0.1f * rng_.next_float(); }
  int64_t random_zero_point() {
    const int64_t ends[] = {-128, 127, 0, between(-128, 127)};
    return ends[rng_.next_below(4)];
  }
  graph::Activation random_activation() { return static_cast<graph::Activation>(rng_.next_below(4)); }
  const graph::Shape& shape() const { return graph_.tensor(current_).shape; }
  const graph::Quantization& quantization() const { return graph_.tensor(current_).quantization; }

  graph::TensorId activation(graph::Shape extents) {
    graph::Tensor tensor{.name = format("t{}", graph_.tensors.size()), .type = type_, .shape = std::move(extents)};
    if (quantized()) tensor.quantization = {{random_scale()}, {random_zero_point()}, 0};
    return graph_.add_tensor(std::move(tensor));
  }
  template <typename T>
  graph::TensorId constant(graph::DType type, graph::Shape extents, const std::vector<T>& values, graph::Quantization quantization) {
    graph::Tensor tensor{.name = format("c{}", graph_.tensors.size()), .type = type, .shape = std::move(extents)};
    tensor.role = graph::Role::kConstant;
    tensor.data.resize(values.size() * sizeof(T));
    std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
    tensor.quantization = std::move(quantization);
    return graph_.add_tensor(std::move(tensor));
  }
  graph::TensorId indices(graph::Shape extents, const std::vector<int32_t>& values) {
    return constant(graph::DType::kInt32, std::move(extents), values, {});
  }

  /// Weights and bias with a scale per channel (along `axis`) or one for all.
  std::vector<graph::TensorId> weights(graph::Shape extents, int32_t axis, bool optional_bias) {
    const auto elems = static_cast<size_t>(graph::elem_count(extents));
    const int32_t channels = extents[static_cast<size_t>(axis)];
    const bool with_bias = !optional_bias || rng_.next_below(3) != 0;
    if (!quantized()) {
      std::vector<float> values(elems), bias(static_cast<size_t>(channels));
      for (float& value : values) value = rng_.next_float() - 0.5f;
      for (float& value : bias) value = rng_.next_float() - 0.5f;
      const graph::TensorId w = constant(type_, std::move(extents), values, {});
      return {w, with_bias ? constant(type_, {channels}, bias, {}) : graph::kNoTensor};
    }
    std::vector<int8_t> values(elems);
    std::vector<int32_t> bias(static_cast<size_t>(channels));
    for (int8_t& value : values) value = static_cast<int8_t>(between(-127, 127));
    for (int32_t& value : bias) value = between(-4000, 4000);
    const auto slices = static_cast<size_t>(rng_.next_below(4) == 0 ? 1 : channels);
    graph::Quantization of_weights{{}, std::vector<int64_t>(slices, 0), slices > 1 ? axis : 0};
    graph::Quantization of_bias{{}, std::vector<int64_t>(slices, 0), 0};
    for (size_t slice = 0; slice < slices; ++slice) {
      of_weights.scale.push_back(0.001f + 0.02f * rng_.next_float());
      of_bias.scale.push_back(quantization().scale[0] * of_weights.scale.back());
    }
    const graph::TensorId w = constant(graph::DType::kInt8, std::move(extents), values, of_weights);
    return {w, with_bias ? constant(graph::DType::kInt32, {channels}, bias, of_bias) : graph::kNoTensor};
  }

  /// Appends an operator whose output shape infer_shapes computes.
  void append(graph::OpKind kind, std::vector<graph::TensorId> inputs, graph::OpParams params, bool same_quantization = false) {
    while (inputs.back() == graph::kNoTensor) inputs.pop_back();
    const graph::TensorId output = activation({});
    if (same_quantization) graph_.tensor(output).quantization = quantization();
    graph_.ops.push_back({kind, graph_.tensor(output).name, std::move(inputs), {output}, params, 0});
    graph_.outputs = {output};
    const Status inferred = graph::infer_shapes(graph_);
    if (!inferred.ok()) check_failed("infer_shapes", inferred.message());
    current_ = output;
  }

  void add_spatial() {
    switch (rng_.next_below(9)) {
      case 0:
      case 1:
        return add_conv();
      case 2:
      case 3:
        return add_depthwise();
      case 4:
        return add_pool();
      case 5:
        return add_add();
      case 6:
        return append(graph::OpKind::kPad,
                      {current_, indices({4, 2}, {0, 0, between(0, 2), between(0, 2), between(0, 2), 1, 0, between(0, 1)})}, {}, true);
      case 7:
        return append(rng_.next_below(2) == 0 ? graph::OpKind::kRelu : graph::OpKind::kRelu6, {current_}, {});
      default:
        if (quantized()) append(graph::OpKind::kQuantize, {current_}, {});
    }
  }

  void add_conv() {
    graph::Conv2DParams params;
    const int32_t filter_h = between(1, 3), filter_w = between(1, 3);
    windowed(params, filter_h, filter_w);
    params.dilation_h = params.stride_h == 1 && params.stride_w == 1 ? between(1, 2) : 1;  // TFLite wants one of both to be 1
    params.dilation_w = params.dilation_h;
    make_fit(params, filter_h, filter_w);
    const auto w = weights({between(1, 40), filter_h, filter_w, shape()[3]}, 0, false);
    append(graph::OpKind::kConv2D, {current_, w[0], w[1]}, params);
  }
  void add_depthwise() {
    graph::DepthwiseConv2DParams params;
    const int32_t filter_h = between(1, 3), filter_w = between(1, 3);
    windowed(params, filter_h, filter_w);
    params.depth_multiplier = rng_.next_below(3) == 0 && shape()[3] < 12 ? 2 : 1;
    make_fit(params, filter_h, filter_w);
    const auto w = weights({1, filter_h, filter_w, shape()[3] * params.depth_multiplier}, 3, false);
    append(graph::OpKind::kDepthwiseConv2D, {current_, w[0], w[1]}, params);
  }
  void add_pool() {
    graph::Pool2DParams params;
    params.filter_h = between(1, 3);
    params.filter_w = between(1, 3);
    windowed(params, params.filter_h, params.filter_w);
    if (shape()[1] < params.filter_h || shape()[2] < params.filter_w) params.padding = graph::Padding::kSame;
    append(rng_.next_below(2) == 0 ? graph::OpKind::kMaxPool2D : graph::OpKind::kAveragePool2D, {current_}, params, true);
  }
  template <typename Params>
  void windowed(Params& params, int32_t, int32_t) {
    params.padding = rng_.next_below(2) == 0 ? graph::Padding::kSame : graph::Padding::kValid;
    params.stride_h = between(1, 2);
    params.stride_w = between(1, 2);
    params.activation = random_activation();
  }
  template <typename Params>
  void make_fit(Params& params, int32_t filter_h, int32_t filter_w) {
    const bool fits = shape()[1] > (filter_h - 1) * params.dilation_h && shape()[2] > (filter_w - 1) * params.dilation_w;
    if (!fits) params.padding = graph::Padding::kSame;
  }

  /// Another tensor of the same shape, or a constant row that is broadcast.
  void add_add() {
    graph::TensorId other = current_;
    for (const graph::Op& op : graph_.ops) {
      if (graph_.tensor(op.outputs[0]).shape == shape()) {
        other = op.outputs[0];
        break;
      }
    }
    const int32_t channels = shape()[3];
    if (rng_.next_below(4) == 0 && quantized()) {
      std::vector<int8_t> row(static_cast<size_t>(channels));
      for (int8_t& value : row) value = static_cast<int8_t>(between(-128, 127));
      other = constant(graph::DType::kInt8, {1, 1, 1, channels}, row, {{random_scale()}, {random_zero_point()}, 0});
    } else if (rng_.next_below(4) == 0 && !quantized()) {
      std::vector<float> row(static_cast<size_t>(channels));
      for (float& value : row) value = rng_.next_float() - 0.5f;
      other = constant(graph::DType::kFloat32, {1, 1, 1, channels}, row, {});
    }
    append(graph::OpKind::kAdd, {current_, other}, graph::ArithmeticParams{random_activation()});
  }
  void add_mean() { append(graph::OpKind::kMean, {current_, indices({2}, {1, 2})}, graph::ReductionParams{rng_.next_below(2) == 0}); }
  void add_reshape() {
    const int32_t features = static_cast<int32_t>(graph::elem_count(shape()));
    append(graph::OpKind::kReshape, {current_, indices({2}, {rng_.next_below(2) == 0 ? 1 : -1, features})}, {}, true);
  }
  void add_dense() {
    const int32_t features = static_cast<int32_t>(graph::elem_count(shape()));
    const auto w = weights({between(1, 40), features}, 0, true);
    append(graph::OpKind::kFullyConnected, {current_, w[0], w[1]}, graph::FullyConnectedParams{random_activation(), false});
  }
  void add_softmax() {
    append(graph::OpKind::kSoftmax, {current_}, graph::SoftmaxParams{rng_.next_below(3) == 0 ? 0.5f : 1.0f});
    if (quantized()) graph_.tensor(current_).quantization = {{1.0f / 256}, {-128}, 0};
  }

  /// float32 or uint8 at the ends, QUANTIZE and DEQUANTIZE inside.
  void wrap_io() {
    const graph::DType outer = rng_.next_below(2) == 0 ? graph::DType::kFloat32 : graph::DType::kUInt8;
    const auto make_end = [&](graph::TensorId inner, const char* name) {
      graph::Tensor tensor{.name = name, .type = outer, .shape = graph_.tensor(inner).shape};
      if (outer == graph::DType::kUInt8) {
        tensor.quantization = graph_.tensor(inner).quantization;
        tensor.quantization.zero_point[0] += 128;
      }
      return graph_.add_tensor(std::move(tensor));
    };
    const graph::TensorId source = make_end(graph_.inputs[0], "source"), sink = make_end(graph_.outputs[0], "sink");
    graph_.ops.insert(graph_.ops.begin(), {graph::OpKind::kQuantize, "in", {source}, {graph_.inputs[0]}, {}, 0});
    graph_.ops.push_back({outer == graph::DType::kFloat32 ? graph::OpKind::kDequantize : graph::OpKind::kQuantize,
                          "out",
                          {graph_.outputs[0]},
                          {sink},
                          {},
                          0});
    graph_.inputs = {source};
    graph_.outputs = {sink};
  }

  Rng rng_;
  graph::DType type_;
  graph::Graph graph_;
  graph::TensorId current_ = graph::kNoTensor;
};

/// Bytes for the input of a graph: random codes of all bits, or floats around 0.
inline std::vector<std::byte> random_input(const graph::Tensor& tensor, uint64_t seed) {
  Rng rng(seed, 77);
  const auto elems = static_cast<size_t>(graph::elem_count(tensor.shape));
  std::vector<std::byte> bytes(elems * static_cast<size_t>(graph::dtype_bytes(tensor.type)));
  if (tensor.type != graph::DType::kFloat32) {
    const uint32_t codes = tensor.type == graph::DType::kBool ? 2 : 256;
    for (std::byte& code : bytes) code = static_cast<std::byte>(rng.next_below(codes));
    return bytes;
  }
  std::vector<float> values(elems);
  for (float& value : values) value = static_cast<float>(2 * rng.next_normal());
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

}  // namespace liteqat::runtime
