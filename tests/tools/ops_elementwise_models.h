// Random models of one elementwise or row operator, or of a chain of them, for the test against LiteRT: every type that LiteRT's reference
// kernels have, with random shapes, broadcasting, scales and zero points. A pure function of the seed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "graph/graph.h"

namespace liteqat::testing {

using graph::DType;
using graph::OpKind;

struct ElementwiseKind {
  OpKind op;
  DType in, out;
  bool per_channel = false;  // QUANTIZE, DEQUANTIZE
  bool plain = false;        // int16 without scales
  bool chain = false;        // several operators, the first of them `op`
};

inline std::vector<ElementwiseKind> elementwise_kinds() {
  using enum DType;
  std::vector<ElementwiseKind> kinds;
  const auto add = [&](std::initializer_list<OpKind> ops, std::initializer_list<DType> types) {
    for (OpKind op : ops) {
      for (DType type : types) kinds.push_back({op, type, type});
    }
  };
  add({OpKind::kAdd, OpKind::kSub, OpKind::kMul}, {kFloat32, kInt8, kUInt8, kInt16, kInt32, kInt64});
  add({OpKind::kMaximum, OpKind::kMinimum}, {kFloat32, kInt8, kUInt8, kInt16, kInt32, kInt64});
  add({OpKind::kRelu, OpKind::kRelu6, OpKind::kLeakyRelu, OpKind::kLogistic, OpKind::kTanh, OpKind::kSoftmax},
      {kFloat32, kInt8, kUInt8, kInt16});
  add({OpKind::kPrelu, OpKind::kReluN1To1, OpKind::kHardSwish, OpKind::kLogSoftmax, OpKind::kL2Normalization}, {kFloat32, kInt8, kUInt8});
  for (DType to : {kInt8, kUInt8, kInt16}) {
    for (DType from : {kFloat32, kInt8, kUInt8}) kinds.push_back({OpKind::kQuantize, from, to});
    kinds.push_back({OpKind::kQuantize, kFloat32, to, true});
  }
  for (DType to : {kInt8, kInt16, kInt32}) kinds.push_back({OpKind::kQuantize, kInt16, to});
  for (DType to : {kInt8, kInt16}) kinds.push_back({OpKind::kQuantize, kInt32, to});
  for (DType from : {kInt8, kUInt8, kInt16, kFloat16}) kinds.push_back({OpKind::kDequantize, from, kFloat32});
  for (DType from : {kInt8, kUInt8}) kinds.push_back({OpKind::kDequantize, from, kFloat32, true});
  kinds.push_back({OpKind::kPrelu, kInt16, kInt16});
  for (OpKind op : {OpKind::kAdd, OpKind::kMul}) kinds.push_back({.op = op, .in = kInt16, .out = kInt16, .plain = true});
  for (DType from : {kFloat32, kFloat16, kInt8, kUInt8, kInt16, kInt32, kInt64, kBool}) {
    for (DType to : {kFloat32, kFloat16, kInt8, kUInt8, kInt16, kInt32, kInt64, kBool}) {
      if (from != to) kinds.push_back({OpKind::kCast, from, to});
    }
  }
  for (DType type : {kFloat32, kInt8, kUInt8, kInt16}) kinds.push_back({.op = OpKind::kAdd, .in = type, .out = type, .chain = true});
  return kinds;
}

class ElementwiseModel {
 public:
  explicit ElementwiseModel(uint64_t seed) : rng_(seed, 4) {}

  graph::Graph make(const ElementwiseKind& kind) {
    kind_ = kind;
    const graph::Shape shape = random_shape();
    if (kind.chain) {
      make_chain(shape);
      return std::move(graph_);
    }
    switch (kind.op) {
      case OpKind::kAdd:
      case OpKind::kSub:
      case OpKind::kMul:
      case OpKind::kMaximum:
      case OpKind::kMinimum:
        make_binary(shape);
        break;
      case OpKind::kPrelu:
        make_prelu(shape);
        break;
      default:
        make_unary(shape);
    }
    return std::move(graph_);
  }

 private:
  int32_t between(int32_t low, int32_t high) { return low + static_cast<int32_t>(rng_.next_below(static_cast<uint32_t>(high - low + 1))); }
  bool one_in(uint32_t count) { return rng_.next_below(count) == 0; }

  /// Extent 0 is the batch.
  graph::Shape random_shape() {
    const int32_t rank = between(2, 5);
    graph::Shape shape(static_cast<size_t>(rank), 1);
    for (size_t axis = 1; axis < shape.size(); ++axis) shape[axis] = between(1, rank > 3 ? 6 : rank > 2 ? 12 : 60);
    return shape;
  }

  /// Some axes become 1; leading ones may go, of a constant.
  graph::Shape stretchable(graph::Shape shape, bool constant) {
    for (int32_t& extent : shape) extent = one_in(2) ? 1 : extent;
    if (!constant) return shape;
    const auto dropped = static_cast<std::ptrdiff_t>(rng_.next_below(static_cast<uint32_t>(shape.size()) + 1));
    return {shape.begin() + dropped, shape.end()};
  }

  /// Mostly those of real models, now and then far off.
  float random_scale() {
    const int32_t wide = one_in(5) ? 10 : 2;
    return static_cast<float>(std::ldexp(1.0 + rng_.next_double(), between(-5 - wide, -5 + wide)));
  }
  int64_t random_zero_point(DType type) {
    if (type != DType::kInt8 && type != DType::kUInt8) return 0;
    const int32_t low = type == DType::kInt8 ? -128 : 0;
    const int32_t ends[] = {low, low + 255, low + 128, between(low, low + 255)};
    return ends[rng_.next_below(4)];
  }
  static bool has_codes(DType type) { return type == DType::kInt8 || type == DType::kUInt8 || type == DType::kInt16; }

  graph::Quantization random_quantization(DType type, float scale) { return {{scale}, {random_zero_point(type)}, 0}; }

  graph::TensorId tensor(DType type, graph::Shape shape, bool with_scale) {
    graph::Tensor made{.name = format("t{}", graph_.tensors.size()), .type = type, .shape = std::move(shape)};
    if (with_scale) made.quantization = random_quantization(type, random_scale());
    return graph_.add_tensor(std::move(made));
  }

  void make_constant(graph::TensorId id) {
    graph::Tensor& made = graph_.tensor(id);
    made.role = graph::Role::kConstant;
    made.data.resize(static_cast<size_t>(graph::elem_count(made.shape) * graph::dtype_bytes(made.type)));
    if (made.type == DType::kFloat32) {
      constexpr float kSpecial[] = {-0.0f, 3e38f, -3e38f, 1e-42f, std::numeric_limits<float>::infinity()};
      for (float& value : made.as<float>()) value = one_in(8) ? kSpecial[rng_.next_below(5)] : static_cast<float>(rng_.next_normal());
    } else {
      for (std::byte& byte : made.data) byte = static_cast<std::byte>(rng_.next_below(256));
    }
  }

  void finish(std::vector<graph::TensorId> inputs, graph::TensorId output, graph::OpParams params) {
    for (graph::TensorId id : inputs) {
      if (!graph_.tensor(id).constant()) graph_.inputs.push_back(id);
    }
    graph_.outputs = {output};
    graph_.ops.push_back({kind_.op, "op", std::move(inputs), {output}, std::move(params), 0});
    const Status inferred = graph::infer_shapes(graph_);
    if (!inferred.ok()) check_failed("infer_shapes", inferred.message());
  }

  void make_binary(const graph::Shape& shape) {
    const bool extremum = kind_.op == OpKind::kMaximum || kind_.op == OpKind::kMinimum;
    const bool codes = has_codes(kind_.in) && !kind_.plain;
    const graph::TensorId a = tensor(kind_.in, shape, codes);
    const bool constant = one_in(3);
    const graph::TensorId b = tensor(kind_.in, one_in(2) ? shape : stretchable(shape, constant), codes);
    const graph::TensorId y = tensor(kind_.in, {}, codes);
    graph::ArithmeticParams params = {.activation = static_cast<graph::Activation>(rng_.next_below(4)), .power_of_two_int16 = false};
    if (codes && kind_.op == OpKind::kMul) scale_of(y) = scale_of(a) * scale_of(b) * static_cast<float>(between(1, 200));
    if (codes && kind_.in == DType::kInt16 && kind_.op == OpKind::kMul) scale_of(y) *= 100.0f;
    if (codes && kind_.in == DType::kInt16 && !extremum && kind_.op != OpKind::kMul) choose_int16_sum(params, a, b, y);
    if (extremum && codes) graph_.tensor(b).quantization = graph_.tensor(y).quantization = graph_.tensor(a).quantization;
    if (constant) make_constant(b);
    if (one_in(2) && !graph_.tensor(b).constant()) return finish({b, a}, y, extremum ? graph::OpParams{} : graph::OpParams{params});
    finish({a, b}, y, extremum ? graph::OpParams{} : graph::OpParams{params});
  }
  float& scale_of(graph::TensorId id) { return graph_.tensor(id).quantization.scale[0]; }

  /// The older kernel of powers of two, which cannot broadcast in LiteRT, or the general one, with or without the flag.
  void choose_int16_sum(graph::ArithmeticParams& params, graph::TensorId a, graph::TensorId b, graph::TensorId y) {
    params.power_of_two_int16 = one_in(2);
    if (!params.power_of_two_int16 || one_in(2)) return;
    graph_.tensor(b).shape = graph_.tensor(a).shape;
    const int32_t exponent = between(-15, -5);
    scale_of(y) = std::ldexp(1.0f, exponent);
    scale_of(a) = scale_of(b) = scale_of(y);
    scale_of(one_in(2) ? a : b) = std::ldexp(1.0f, exponent - between(0, 6));
  }

  void make_prelu(const graph::Shape& shape) {
    const bool codes = has_codes(kind_.in);
    const graph::TensorId x = tensor(kind_.in, shape, codes);
    const DType alpha_type = kind_.in == DType::kInt16 ? DType::kInt8 : kind_.in;
    const graph::TensorId alpha = tensor(alpha_type, stretchable(shape, true), codes);
    make_constant(alpha);
    finish({x, alpha}, tensor(kind_.in, {}, codes), {});
  }

  /// The scale and zero point that the operator fixes.
  void fix_output(graph::Tensor& y) {
    const bool is_signed = y.type == DType::kInt8, wide = y.type == DType::kInt16;
    graph::Quantization& quantization = y.quantization;
    if (kind_.op == OpKind::kLogistic || kind_.op == OpKind::kSoftmax) {
      quantization = {{wide ? 1.0f / 32768 : 1.0f / 256}, {wide || !is_signed ? 0 : -128}, 0};
    } else if (kind_.op == OpKind::kTanh && wide) {
      quantization = {{1.0f / 32768}, {0}, 0};
    } else if (kind_.op == OpKind::kLogSoftmax) {
      quantization = {{1.0f / 16}, {is_signed ? 127 : 255}, 0};
    } else if (kind_.op == OpKind::kL2Normalization) {
      quantization = {{1.0f / 128}, {is_signed ? 0 : 128}, 0};
    }
  }

  void make_per_channel(graph::Tensor& tensor) {
    const int32_t axis = between(0, static_cast<int32_t>(tensor.shape.size()) - 1);
    const auto slices = static_cast<size_t>(tensor.shape[static_cast<size_t>(axis)]);
    if (slices == 1) return;
    tensor.quantization = {{}, {}, axis};
    for (size_t slice = 0; slice < slices; ++slice) {
      tensor.quantization.scale.push_back(random_scale());
      tensor.quantization.zero_point.push_back(random_zero_point(tensor.type));
    }
  }

  /// Three to eight operators on tensors of one shape; those of two operands take any earlier tensor as the second.
  void make_chain(const graph::Shape& shape) {
    const bool codes = has_codes(kind_.in);
    graph::TensorId current = tensor(kind_.in, shape, codes);
    if (kind_.in == DType::kInt16) scale_of(current) = 0.0003f;
    graph_.inputs = {current};
    std::vector<graph::TensorId> made = {current};
    for (int32_t count = between(3, 8); count > 0; --count) {
      if (count == 1) kind_.op = OpKind::kSoftmax;
      const graph::TensorId y = tensor(kind_.in, shape, codes);
      const graph::TensorId other = made[rng_.next_below(static_cast<uint32_t>(made.size()))];
      const bool sum = kind_.op == OpKind::kAdd || kind_.op == OpKind::kSub, binary = sum || kind_.op == OpKind::kMul;
      if (codes) choose_chain_scale(current, other, y, sum);
      if (codes) fix_output(graph_.tensor(y));
      const graph::OpParams params =
          binary ? graph::OpParams{graph::ArithmeticParams{static_cast<graph::Activation>(rng_.next_below(4)), false}} : unary_params();
      graph_.ops.push_back({kind_.op, format("op{}", count), {current}, {y}, params, 0});
      if (binary) graph_.ops.back().inputs.push_back(other);
      made.push_back(y);
      current = y;
      constexpr OpKind kNext[] = {OpKind::kAdd,       OpKind::kSub,      OpKind::kMul,  OpKind::kRelu,
                                  OpKind::kLeakyRelu, OpKind::kLogistic, OpKind::kTanh, OpKind::kRelu6};
      kind_.op = kNext[rng_.next_below(std::size(kNext))];
    }
    graph_.outputs = {current};
  }

  /// Scales of results as a converter would choose them: those of a sum like its operands', those of a product like their product.
  void choose_chain_scale(graph::TensorId a, graph::TensorId b, graph::TensorId y, bool sum) {
    const float steps = kind_.in == DType::kInt16 ? 16000.0f : 60.0f;
    scale_of(y) = sum                        ? scale_of(a) + scale_of(b)
                  : kind_.op == OpKind::kMul ? scale_of(a) * scale_of(b) * steps
                                             : scale_of(a) * (0.5f + rng_.next_float());
  }

  void make_unary(const graph::Shape& shape) {
    const bool scaled = kind_.op != OpKind::kCast, codes_in = scaled && (has_codes(kind_.in) || kind_.in == DType::kInt32);
    const graph::TensorId x = tensor(kind_.in, shape, codes_in);
    const graph::TensorId y = tensor(kind_.out, shape, scaled && (has_codes(kind_.out) || kind_.out == DType::kInt32));
    if (kind_.in == DType::kInt32 && scaled) scale_of(x) *= 1e-6f;
    if (kind_.in == DType::kInt16 && kind_.op != OpKind::kQuantize && codes_in) scale_of(x) *= 0.01f;
    if (kind_.op == OpKind::kHardSwish && codes_in) scale_of(x) = std::min(scale_of(x), 100.0f * scale_of(y));
    if (kind_.in == DType::kInt16 && one_in(3) && codes_in) scale_of(x) = std::ldexp(1.0f, between(-15, -10));
    if (codes_in || has_codes(kind_.out)) fix_output(graph_.tensor(y));
    if (kind_.per_channel) make_per_channel(graph_.tensor(kind_.op == OpKind::kQuantize ? y : x));
    finish({x}, y, unary_params());
  }

  graph::OpParams unary_params() {
    switch (kind_.op) {
      case OpKind::kLeakyRelu:
        return graph::LeakyReluParams{.alpha = static_cast<float>(rng_.next_double() * (one_in(3) ? 3.0 : 0.5) * (one_in(4) ? -1 : 1))};
      case OpKind::kSoftmax:
        return graph::SoftmaxParams{.beta = one_in(2) ? 1.0f : 0.1f + 2.0f * rng_.next_float()};
      case OpKind::kL2Normalization:
        return graph::ArithmeticParams{};
      default:
        return {};
    }
  }

  Rng rng_;
  ElementwiseKind kind_{};
  graph::Graph graph_;
};

inline uint64_t elementwise_kind_count() {
  return elementwise_kinds().size();
}

inline graph::Graph make_elementwise_model(uint64_t seed) {
  const std::vector<ElementwiseKind> kinds = elementwise_kinds();
  return ElementwiseModel(seed).make(kinds[seed % kinds.size()]);
}

}  // namespace liteqat::testing
