// Random models of one weighted operator each, in every type that our runtime and TFLite share, for the test against other runtimes. A
// pure function of the seed: seed % weighted_kind_count() says which operator and types.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "graph/graph.h"

namespace liteqat::testing {

class WeightedModel {
 public:
  enum class Types { kFloat, kHybrid, kInt8, kUInt8, kInt16 };
  static constexpr graph::OpKind kOps[] = {graph::OpKind::kConv2D, graph::OpKind::kDepthwiseConv2D, graph::OpKind::kFullyConnected,
                                           graph::OpKind::kTransposeConv};
  static constexpr Types kTypes[] = {Types::kInt8, Types::kUInt8, Types::kInt16, Types::kFloat, Types::kHybrid};
  static constexpr uint64_t kKinds = 19;  // all pairs but hybrid TRANSPOSE_CONV, which TFLite has and we refuse

  explicit WeightedModel(uint64_t seed) : rng_(seed, 5), op_(kOps[seed % kKinds % 4]), types_(kTypes[seed % kKinds / 4]) {}

  graph::Graph make() {
    switch (op_) {
      case graph::OpKind::kConv2D:
        add_conv();
        break;
      case graph::OpKind::kDepthwiseConv2D:
        add_depthwise();
        break;
      case graph::OpKind::kFullyConnected:
        add_dense();
        break;
      default:
        add_transpose_conv();
    }
    return std::move(graph_);
  }

 private:
  using DType = graph::DType;

  int32_t between(int32_t low, int32_t high) { return low + static_cast<int32_t>(rng_.next_below(static_cast<uint32_t>(high - low + 1))); }
  bool chance(uint32_t in) { return rng_.next_below(in) == 0; }
  bool floats() const { return types_ == Types::kFloat || types_ == Types::kHybrid; }

  DType activation_type() const {
    const DType types[] = {DType::kFloat32, DType::kFloat32, DType::kInt8, DType::kUInt8, DType::kInt16};
    return types[static_cast<size_t>(types_)];
  }
  DType weight_type() const {
    const DType types[] = {DType::kFloat32, DType::kInt8, DType::kInt8, DType::kUInt8, DType::kInt8};
    return types[static_cast<size_t>(types_)];
  }

  int64_t random_zero_point() {
    if (types_ == Types::kInt16) return 0;
    const int32_t low = types_ == Types::kUInt8 ? 0 : -128;
    const int64_t choices[] = {low, low + 255, low + 128, between(low, low + 255)};
    return choices[rng_.next_below(4)];
  }

  graph::TensorId activation(const char* name, graph::Shape shape) {
    graph::Tensor tensor{.name = name, .type = activation_type(), .shape = std::move(shape)};
    if (!floats()) tensor.quantization = {{0.01f + 0.1f * rng_.next_float()}, {random_zero_point()}, 0};
    return graph_.add_tensor(std::move(tensor));
  }

  template <typename T>
  graph::TensorId constant(const char* name, DType type, graph::Shape shape, const std::vector<T>& values,
                           graph::Quantization quantization = {}) {
    graph::Tensor tensor{.name = name, .type = type, .shape = std::move(shape), .role = graph::Role::kConstant};
    tensor.data.resize(values.size() * sizeof(T));
    std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
    tensor.quantization = std::move(quantization);
    return graph_.add_tensor(std::move(tensor));
  }

  /// Scales of `channels` slices along `axis`, or one.
  graph::Quantization weight_quantization(int32_t channels, int32_t axis) {
    const bool one = types_ == Types::kUInt8 || (op_ != graph::OpKind::kDepthwiseConv2D && chance(3)) || channels == 1 ||
                     (types_ == Types::kInt8 && chance(4)) || (op_ == graph::OpKind::kFullyConnected && types_ == Types::kHybrid);
    graph::Quantization quantization;
    for (int32_t slice = 0; slice < (one ? 1 : channels); ++slice) {
      quantization.scale.push_back(0.001f + 0.02f * rng_.next_float());
      quantization.zero_point.push_back(types_ == Types::kUInt8 ? between(0, 255) : 0);
    }
    quantization.axis = one ? 0 : axis;
    return quantization;
  }

  /// Weights of the shape; codes of int8 stay above -128, with which LiteRT's hybrid kernels go wrong on x86.
  graph::TensorId weights(const graph::Shape& shape, int32_t axis) {
    const auto elems = static_cast<size_t>(graph::elem_count(shape));
    if (types_ == Types::kFloat) {
      std::vector<float> values(elems);
      for (float& value : values) value = rng_.next_float() - 0.5f;
      return constant("weights", DType::kFloat32, shape, values);
    }
    std::vector<int8_t> codes(elems);
    for (int8_t& code : codes) code = static_cast<int8_t>(types_ == Types::kUInt8 ? between(-128, 127) : between(-127, 127));
    return constant("weights", weight_type(), shape, codes, weight_quantization(shape[static_cast<size_t>(axis)], axis));
  }

  /// Of the size of a typical sum, so that many outputs stay inside the range.
  graph::TensorId bias(graph::TensorId input, graph::TensorId filter, int32_t channels) {
    const auto count = static_cast<size_t>(channels);
    if (floats()) {
      std::vector<float> values(count);
      for (float& value : values) value = rng_.next_float() - 0.5f;
      return constant("bias", DType::kFloat32, {channels}, values);
    }
    const graph::Quantization& of_weights = graph_.tensor(filter).quantization;
    graph::Quantization quantization{{}, std::vector<int64_t>(of_weights.scale.size(), 0), 0};
    for (float scale : of_weights.scale) quantization.scale.push_back(graph_.tensor(input).quantization.scale[0] * scale);
    const int32_t most = types_ == Types::kInt16 ? 1000000 : 4000;
    if (types_ == Types::kInt16 && (op_ == graph::OpKind::kDepthwiseConv2D || chance(2))) {
      std::vector<int64_t> values(count);
      for (int64_t& value : values) value = between(-most, most);
      return constant("bias", DType::kInt64, {channels}, values, quantization);
    }
    std::vector<int32_t> values(count);
    for (int32_t& value : values) value = between(-most, most);
    return constant("bias", DType::kInt32, {channels}, values, quantization);
  }

  /// The output's scale such that outputs of an operator that sums `terms` products fill most of its range.
  void finish(graph::OpKind kind, std::vector<graph::TensorId> inputs, graph::OpParams params, graph::TensorId input, int64_t terms) {
    const graph::TensorId output = activation("output", {});
    if (!floats()) {
      const auto& of_weights = graph_.tensor(inputs[1]).quantization;
      const float largest = *std::max_element(of_weights.scale.begin(), of_weights.scale.end());
      const float step = types_ == Types::kInt16 ? 0.4f : 100.0f;
      const float spread = 0.3f + 2.0f * rng_.next_float();
      graph_.tensor(output).quantization.scale[0] =
          graph_.tensor(input).quantization.scale[0] * largest * step * spread * std::sqrt(static_cast<float>(terms));
    }
    while (inputs.back() == graph::kNoTensor) inputs.pop_back();
    graph_.inputs = {input};
    graph_.ops.push_back({kind, "layer", std::move(inputs), {output}, std::move(params), 0});
    graph_.outputs = {output};
    const Status inferred = graph::infer_shapes(graph_);
    if (!inferred.ok()) check_failed("infer_shapes", inferred.message());
  }

  template <typename Params>
  void set_window(Params& params, const graph::Shape& x, int32_t filter_h, int32_t filter_w) {
    params.stride_h = between(1, 4), params.stride_w = between(1, 4);
    params.dilation_h = chance(3) ? 2 : 1, params.dilation_w = chance(3) ? 2 : 1;
    const bool fits = (filter_h - 1) * params.dilation_h < x[1] && (filter_w - 1) * params.dilation_w < x[2];
    params.padding = fits && chance(2) ? graph::Padding::kValid : graph::Padding::kSame;
    params.activation = static_cast<graph::Activation>(rng_.next_below(4));
  }

  void add_conv() {
    const int32_t groups = types_ != Types::kHybrid && chance(4) ? between(2, 3) : 1;
    const graph::Shape x = {1, between(1, 9), between(1, 9), groups * between(1, 9)};
    const int32_t filter_h = between(1, 4), filter_w = between(1, 4), channels = groups * between(1, 9);
    graph::Conv2DParams params;
    set_window(params, x, filter_h, filter_w);
    const graph::TensorId input = activation("input", x), filter = weights({channels, filter_h, filter_w, x[3] / groups}, 0);
    const int64_t terms = int64_t{filter_h} * filter_w * x[3] / groups;
    finish(op_, {input, filter, bias(input, filter, channels)}, params, input, terms);
  }

  void add_depthwise() {
    const graph::Shape x = {1, between(1, 9), between(1, 9), between(2, 20)};
    const int32_t filter_h = between(1, 4), filter_w = between(1, 4), multiplier = chance(3) ? between(2, 3) : 1;
    graph::DepthwiseConv2DParams params{.depth_multiplier = multiplier};
    set_window(params, x, filter_h, filter_w);
    const graph::TensorId input = activation("input", x), filter = weights({1, filter_h, filter_w, x[3] * multiplier}, 3);
    finish(op_, {input, filter, bias(input, filter, x[3] * multiplier)}, params, input, int64_t{filter_h} * filter_w);
  }

  void add_dense() {
    const int32_t depth = between(1, 40), units = between(1, 20);
    const bool keep = chance(2);
    const graph::Shape x = keep ? graph::Shape{1, between(1, 4), depth} : graph::Shape{1, depth};
    const graph::FullyConnectedParams params{.activation = static_cast<graph::Activation>(rng_.next_below(4)),
                                             .keep_num_dims = keep,
                                             .asymmetric_inputs = types_ == Types::kHybrid && chance(2)};
    const graph::TensorId input = activation("input", x), filter = weights({units, depth}, 0);
    const bool with_bias = !chance(3);
    finish(op_, {input, filter, with_bias ? bias(input, filter, units) : graph::kNoTensor}, params, input, depth);
  }

  void add_transpose_conv() {
    const graph::Shape x = {1, between(1, 6), between(1, 6), between(1, 8)};
    const int32_t filter_h = between(1, 4), filter_w = between(1, 4), channels = between(1, 8);
    graph::TransposeConvParams params{
        .padding = chance(2) ? graph::Padding::kValid : graph::Padding::kSame, .stride_h = between(1, 3), .stride_w = between(1, 3)};
    const auto extent = [&](int32_t in, int32_t stride, int32_t filter) {
      return params.padding == graph::Padding::kSame ? in * stride : (in - 1) * stride + filter;
    };
    const std::vector<int32_t> output = {1, extent(x[1], params.stride_h, filter_h), extent(x[2], params.stride_w, filter_w), channels};
    const graph::TensorId shape = constant("shape", DType::kInt32, {4}, output);
    const graph::TensorId filter = weights({channels, filter_h, filter_w, x[3]}, 0), input = activation("input", x);
    const graph::TensorId added = chance(3) ? graph::kNoTensor : bias(input, filter, channels);
    const int64_t terms = std::max(1, filter_h * filter_w / (params.stride_h * params.stride_w)) * int64_t{x[3]};
    finish(op_, {shape, filter, input, added}, params, input, terms);
  }

  Rng rng_;
  graph::OpKind op_;
  Types types_;
  graph::Graph graph_;
};

inline graph::Graph make_weighted_model(uint64_t seed) {
  return WeightedModel(seed).make();
}

}  // namespace liteqat::testing
