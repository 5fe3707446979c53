// Random networks of many operators each, int8 or float32: every kind of operator takes tensors that any other made, several of which are
// read again later. Scales, zero points, weights and biases are those of real networks or, in a third of the models, extreme: outputs that
// saturate, multipliers of 1 and more or next to nothing, sums near the ends of 32 bits. A pure function of the seed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "graph/graph.h"

namespace liteqat::tests {

class RandomMixedModel {
 public:
  using DType = graph::DType;
  using OpKind = graph::OpKind;
  using Shape = graph::Shape;
  using Id = graph::TensorId;

  static constexpr uint64_t kKinds = 4;  // three of int8, one of float32

  explicit RandomMixedModel(uint64_t seed)
      : rng_(seed, 6), type_(seed % kKinds == kKinds - 1 ? DType::kFloat32 : DType::kInt8), extreme_(quantized() && one_in(3)) {}

  graph::Graph make() {
    graph_.inputs = {made({1, between(4, 10), between(4, 10), one_in(4) ? between(60, 70) : between(1, 24)})};
    live_ = graph_.inputs;
    for (int32_t count = between(3, 12); count > 0; --count) add_any();
    graph_.outputs = {live_.back()};
    if (one_in(2)) add_head();
    for (const Id id : live_) {
      if (one_in(6) && id != graph_.outputs[0] && id != graph_.inputs[0]) graph_.outputs.push_back(id);
    }
    if (one_in(3)) wrap_input();
    return std::move(graph_);
  }

 private:
  int32_t between(int32_t low, int32_t high) { return low + static_cast<int32_t>(rng_.next_below(static_cast<uint32_t>(high - low + 1))); }
  bool one_in(uint32_t count) { return rng_.next_below(count) == 0; }
  bool quantized() const { return type_ == DType::kInt8; }
  graph::Activation random_activation() { return static_cast<graph::Activation>(rng_.next_below(4)); }
  const Shape& shape(Id id) const { return graph_.tensor(id).shape; }
  float scale_of(Id id) const { return graph_.tensor(id).quantization.scale[0]; }
  Id any() { return live_[one_in(2) ? live_.size() - 1 : rng_.next_below(static_cast<uint32_t>(live_.size()))]; }

  graph::Quantization random_quantization() {
    const int64_t zero_points[] = {-128, 127, 0, between(-128, 127)};
    const float scale = std::ldexp(1.0f + rng_.next_float(), extreme_ ? between(-12, 2) : between(-6, -4));
    return {{scale}, {zero_points[rng_.next_below(4)]}, 0};
  }
  Id made(Shape extents) {
    graph::Tensor tensor{.name = format("t{}", graph_.tensors.size()), .type = type_, .shape = std::move(extents)};
    if (quantized()) tensor.quantization = random_quantization();
    return graph_.add_tensor(std::move(tensor));
  }
  template <typename T>
  Id constant(DType type, Shape extents, const std::vector<T>& values, graph::Quantization quantization = {}) {
    graph::Tensor tensor{.name = format("c{}", graph_.tensors.size()), .type = type, .shape = std::move(extents)};
    tensor.role = graph::Role::kConstant;
    tensor.data.resize(values.size() * sizeof(T));
    std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
    tensor.quantization = std::move(quantization);
    return graph_.add_tensor(std::move(tensor));
  }
  Id indices(const std::vector<int32_t>& values) { return constant(DType::kInt32, {static_cast<int32_t>(values.size())}, values); }
  /// A constant operand of the network's type.
  Id operand(const Shape& extents, graph::Quantization quantization) {
    const auto count = static_cast<size_t>(graph::elem_count(extents));
    if (!quantized()) {
      std::vector<float> values(count);
      for (float& value : values) value = static_cast<float>(rng_.next_normal());
      return constant(type_, extents, values);
    }
    std::vector<int8_t> codes(count);
    for (int8_t& code : codes) code = static_cast<int8_t>(between(-128, 127));
    return constant(type_, extents, codes, std::move(quantization));
  }

  /// Weights and, mostly, a bias; a scale per slice of `axis` or one for all.
  std::vector<Id> weights(Id input, const Shape& extents, size_t axis, bool per_axis) {
    const auto count = static_cast<size_t>(graph::elem_count(extents));
    const int32_t channels = extents[axis];
    const float fan_in = static_cast<float>(count) / static_cast<float>(channels);
    if (!quantized()) {
      std::vector<float> values(count), bias(static_cast<size_t>(channels));
      for (float& value : values) value = static_cast<float>(rng_.next_normal()) / std::sqrt(fan_in);
      for (float& value : bias) value = rng_.next_float() - 0.5f;
      return {constant(type_, extents, values), constant(type_, {channels}, bias)};
    }
    const size_t slices = per_axis ? static_cast<size_t>(channels) : 1;
    graph::Quantization of_weights{{}, std::vector<int64_t>(slices, 0), static_cast<int32_t>(per_axis ? axis : 0)};
    graph::Quantization of_bias{{}, std::vector<int64_t>(slices, 0), 0};
    for (size_t slice = 0; slice < slices; ++slice) {
      of_weights.scale.push_back(std::ldexp(1.0f + rng_.next_float(), extreme_ ? between(-16, 0) : between(-9, -7)));
      of_bias.scale.push_back(scale_of(input) * of_weights.scale.back());
    }
    const bool heavy = extreme_ && one_in(2);  // sums as large as they can be, in either direction
    const int32_t sign = one_in(2) ? 127 : -127;
    std::vector<int8_t> codes(count);
    for (int8_t& code : codes) code = static_cast<int8_t>(heavy ? sign : between(-127, 127));
    std::vector<int32_t> bias(static_cast<size_t>(channels));
    for (int32_t& value : bias) value = extreme_ && one_in(3) ? between(-(1 << 30), 1 << 30) : between(-5000, 5000);
    return {constant(type_, extents, codes, of_weights), constant(DType::kInt32, {channels}, bias, of_bias)};
  }

  Id append(OpKind kind, std::vector<Id> inputs, graph::OpParams params, const graph::Quantization* kept = nullptr) {
    const Id output = made({});
    if (kept != nullptr && quantized()) graph_.tensor(output).quantization = *kept;
    graph_.ops.push_back({kind, graph_.tensor(output).name, std::move(inputs), {output}, std::move(params), 0});
    graph_.outputs = {output};
    const Status inferred = graph::infer_shapes(graph_);
    if (!inferred.ok()) check_failed("infer_shapes", inferred.message());
    if (shape(output).size() == 4) live_.push_back(output);
    return output;
  }
  /// An operator that moves codes: the output has the input's scale.
  Id move(OpKind kind, Id input, std::vector<Id> others, graph::OpParams params) {
    others.insert(others.begin(), input);
    const graph::Quantization kept = graph_.tensor(input).quantization;
    return append(kind, std::move(others), std::move(params), &kept);
  }
  /// The tensor with another's scale and zero point, by QUANTIZE where it has others.
  Id with_scale_of(Id id, Id other) {
    const graph::Quantization wanted = graph_.tensor(other).quantization, own = graph_.tensor(id).quantization;
    if (!quantized() || (own.scale == wanted.scale && own.zero_point == wanted.zero_point)) return id;
    return append(OpKind::kQuantize, {id}, {}, &wanted);
  }

  void add_any() {
    switch (rng_.next_below(12)) {
      case 0:
      case 1:
        return add_convolution(any());
      case 2:
        return add_depthwise(any());
      case 3:
        return add_pool(any());
      case 4:
      case 5:
        return add_arithmetic(any());
      case 6:
      case 7:
        return add_activation(any());
      case 8:
        return add_padding(any());
      case 9:
        return add_joined(any());
      case 10:
        return add_resized(any());
      default:
        return add_reordered(any());
    }
  }

  template <typename Params>
  void choose_window(Params& params, Id x, int32_t filter_h, int32_t filter_w) {
    const bool fits = shape(x)[1] >= filter_h && shape(x)[2] >= filter_w;
    params.padding = fits && one_in(2) ? graph::Padding::kValid : graph::Padding::kSame;
    params.activation = random_activation();
    params.stride_h = params.stride_w = shape(x)[1] > 3 && shape(x)[2] > 3 ? between(1, 2) : 1;
  }

  void add_convolution(Id x) {
    const int32_t filter_h = between(1, 3), filter_w = between(1, 3), channels = between(1, one_in(4) ? 70 : 20);
    const auto w = weights(x, {channels, filter_h, filter_w, shape(x)[3]}, 0, !one_in(3));
    if (!one_in(6) || shape(x)[1] > 12) {
      graph::Conv2DParams params;
      choose_window(params, x, filter_h, filter_w);
      append(OpKind::kConv2D, {x, w[0], w[1]}, params);
      return;
    }
    graph::TransposeConvParams params;
    choose_window(params, x, filter_h, filter_w);
    const auto extent = [&](int32_t in, int32_t filter) {
      return params.padding == graph::Padding::kSame ? in * params.stride_h : (in - 1) * params.stride_h + filter;
    };
    const Id wanted = indices({1, extent(shape(x)[1], filter_h), extent(shape(x)[2], filter_w), channels});
    append(OpKind::kTransposeConv, {wanted, w[0], x, w[1]}, params);
  }
  void add_depthwise(Id x) {
    const int32_t filter_h = between(1, 5), filter_w = between(1, 5);
    graph::DepthwiseConv2DParams params;
    choose_window(params, x, filter_h, filter_w);
    params.depth_multiplier = one_in(4) && shape(x)[3] < 12 ? between(2, 3) : 1;
    const auto w = weights(x, {1, filter_h, filter_w, shape(x)[3] * params.depth_multiplier}, 3, !one_in(3));
    append(OpKind::kDepthwiseConv2D, {x, w[0], w[1]}, params);
  }
  void add_pool(Id x) {
    graph::Pool2DParams params;
    params.filter_h = between(1, 4);
    params.filter_w = between(1, 4);
    choose_window(params, x, params.filter_h, params.filter_w);
    move(one_in(2) ? OpKind::kMaxPool2D : OpKind::kAveragePool2D, x, {}, params);
  }

  /// Another tensor that x may be combined with: of its shape, one value a channel, or a constant.
  Id partner(Id x) {
    std::vector<Id> fitting;
    for (const Id id : live_) {
      const Shape& other = shape(id);
      if (other == shape(x) || (other[1] == 1 && other[2] == 1 && other[3] == shape(x)[3])) fitting.push_back(id);
    }
    if (one_in(3)) return operand(one_in(2) ? Shape{1, 1, 1, shape(x)[3]} : one_in(2) ? Shape{} : shape(x), random_quantization());
    return fitting[rng_.next_below(static_cast<uint32_t>(fitting.size()))];
  }
  void add_arithmetic(Id x) {
    const Id other = partner(x);
    if (one_in(5)) {
      const Id same = graph_.tensor(other).constant() ? operand(shape(other), graph_.tensor(x).quantization) : with_scale_of(other, x);
      move(one_in(2) ? OpKind::kMaximum : OpKind::kMinimum, x, {same}, {});
      return;
    }
    const graph::ArithmeticParams params = {.activation = random_activation(), .power_of_two_int16 = false};
    if (!one_in(3)) {
      append(one_in(3) ? OpKind::kSub : OpKind::kAdd, one_in(2) ? std::vector<Id>{x, other} : std::vector<Id>{other, x}, params);
      return;
    }
    if (!quantized()) return;  // products of products soon leave the finite numbers, where kernels may differ in signs of NaN
    append(OpKind::kMul, {x, other}, params);
  }

  void add_activation(Id x) {
    const bool codes = quantized();
    const graph::Quantization probability = {{1.0f / 256}, {-128}, 0}, unit = {{1.0f / 128}, {0}, 0};
    switch (rng_.next_below(9)) {
      case 0:
        append(OpKind::kRelu, {x}, {});
        return;
      case 1:
        append(one_in(2) ? OpKind::kRelu6 : OpKind::kReluN1To1, {x}, {});
        return;
      case 2:
        append(OpKind::kLeakyRelu, {x}, graph::LeakyReluParams{one_in(4) ? -0.3f : rng_.next_float()});
        return;
      case 3:
        append(OpKind::kPrelu, {x, operand({1, 1, shape(x)[3]}, random_quantization())}, {});
        return;
      case 4:
        append(OpKind::kLogistic, {x}, {}, &probability);
        return;
      case 5:
        append(OpKind::kTanh, {x}, {});
        return;
      case 6:
        append(OpKind::kHardSwish, {x}, {});
        if (codes) graph_.tensor(graph_.outputs[0]).quantization.scale[0] = scale_of(x) * (0.3f + rng_.next_float());
        return;
      case 7:
        append(OpKind::kL2Normalization, {x}, graph::ArithmeticParams{}, &unit);
        return;
      default:
        if (codes) append(OpKind::kQuantize, {x}, {});
    }
  }

  void add_padding(Id x) {
    if (shape(x)[1] > 14 || shape(x)[2] > 14) return;
    const bool mirror = one_in(3);
    std::vector<int32_t> margins = {0, 0};
    for (size_t axis = 1; axis < 4; ++axis) {
      for (int side = 0; side < 2; ++side) margins.push_back(one_in(2) ? 0 : between(0, mirror ? std::min(2, shape(x)[axis] - 1) : 2));
    }
    const Id paddings = constant(DType::kInt32, {4, 2}, margins);
    if (mirror) {
      move(OpKind::kMirrorPad, x, {paddings}, graph::MirrorPadParams{one_in(2)});
    } else if (one_in(3)) {
      move(OpKind::kPadV2, x, {paddings, operand({1}, graph_.tensor(x).quantization)}, {});
    } else {
      move(OpKind::kPad, x, {paddings}, {});
    }
  }

  /// CONCATENATION of tensors that agree in all extents but channels, or parts of one.
  void add_joined(Id x) {
    std::vector<Id> others;
    for (const Id id : std::vector<Id>(live_)) {
      const bool fits = shape(id)[1] == shape(x)[1] && shape(id)[2] == shape(x)[2] && shape(id)[3] + shape(x)[3] < 100;
      if (fits && others.size() < 2 && one_in(2)) others.push_back(with_scale_of(id, x));
    }
    if (!others.empty()) {
      move(OpKind::kConcatenation, x, others, graph::AxisParams{.axis = one_in(2) ? 3 : -1});
      return;
    }
    std::vector<int32_t> begin = {0}, size = {1}, end = {1}, strides = {1};
    for (size_t axis = 1; axis < 4; ++axis) {
      const int32_t extent = shape(x)[axis];
      begin.push_back(between(0, extent / 2));
      size.push_back(between((extent - begin.back() + 1) / 2, extent - begin.back()));
      end.push_back(begin.back() + size.back());
      strides.push_back(between(1, 2));
    }
    if (one_in(2)) {
      move(OpKind::kSlice, x, {indices(begin), indices(size)}, {});
    } else {
      move(OpKind::kStridedSlice, x, {indices(begin), indices(end), indices(strides)}, graph::StridedSliceParams{});
    }
  }

  void add_resized(Id x) {
    const bool bilinear = one_in(2);
    const uint32_t mode = rng_.next_below(3);
    move(bilinear ? OpKind::kResizeBilinear : OpKind::kResizeNearestNeighbor, x, {indices({between(1, 12), between(1, 12)})},
         graph::ResizeParams{.align_corners = mode == 1, .half_pixel_centers = mode == 2});
  }

  void add_reordered(Id x) {
    const Shape from = shape(x);
    switch (rng_.next_below(4)) {
      case 0:
        move(OpKind::kTranspose, x, {indices({0, 2, 1, 3})}, {});
        return;
      case 1:
        move(OpKind::kReshape, x, {indices({1, from[2], from[1], from[3]})}, {});
        return;
      case 2:
        append(OpKind::kMean, {x, indices(one_in(4) ? std::vector<int32_t>{2} : std::vector<int32_t>{1, 2})}, graph::ReductionParams{true});
        return;
      default:
        move(OpKind::kReduceMax, x, {indices({1, 2})}, graph::ReductionParams{true});
    }
  }

  /// Pooled, flattened, dense, normalized.
  void add_head() {
    const Id pooled = append(OpKind::kMean, {live_.back(), indices({1, 2})}, graph::ReductionParams{one_in(2)});
    const int32_t features = static_cast<int32_t>(graph::elem_count(shape(pooled)));
    const Id flat = move(OpKind::kReshape, pooled, {indices({one_in(2) ? 1 : -1, features})}, {});
    const auto w = weights(flat, {between(1, one_in(5) ? 300 : 40), features}, 0, one_in(2));
    append(OpKind::kFullyConnected, {flat, w[0], w[1]}, graph::FullyConnectedParams{random_activation(), false});
    const graph::Quantization probability = {{1.0f / 256}, {-128}, 0}, logarithm = {{1.0f / 16}, {127}, 0};
    const Id dense = graph_.outputs[0];
    bound_rescale(flat, w[0], dense);
    if (one_in(3)) return;
    one_in(4) ? append(OpKind::kLogSoftmax, {dense}, {}, &logarithm)
              : append(OpKind::kSoftmax, {dense}, graph::SoftmaxParams{one_in(3) ? 0.5f : 1.0f}, &probability);
  }

  /// FULLY_CONNECTED multiplies in double; where that leaves 32 bits the reference's result is undefined (docs/arithmetic.md). A factor of
  /// at most 5 / 3 keeps the largest sums, 2^30 and what the weights add, inside.
  void bound_rescale(Id x, Id w, Id y) {
    if (!quantized()) return;
    const std::vector<float>& scales = graph_.tensor(w).quantization.scale;
    float& scale = graph_.tensor(y).quantization.scale[0];
    scale = std::max(scale, 0.6f * scale_of(x) * *std::max_element(scales.begin(), scales.end()));
  }

  /// The input comes as float32 or uint8.
  void wrap_input() {
    if (!quantized()) return;
    graph::Tensor source{.name = "source", .type = one_in(2) ? DType::kFloat32 : DType::kUInt8, .shape = shape(graph_.inputs[0])};
    if (source.type == DType::kUInt8) {
      source.quantization = graph_.tensor(graph_.inputs[0]).quantization;
      source.quantization.zero_point[0] += 128;
    }
    const Id id = graph_.add_tensor(std::move(source));
    graph_.ops.insert(graph_.ops.begin(), {OpKind::kQuantize, "in", {id}, {graph_.inputs[0]}, {}, 0});
    graph_.inputs = {id};
  }

  Rng rng_;
  DType type_;
  bool extreme_;
  graph::Graph graph_;
  std::vector<Id> live_;  // four axes, any of which an operator may take
};

}  // namespace liteqat::tests
