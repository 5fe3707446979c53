// Random models of one operator each for the operators that move, reduce or resize, in every type that TFLite has for them: odd shapes,
// axes counted from either end, every option. A pure function of the seed.
#pragma once

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "graph/graph.h"

namespace liteqat::tests {

class RandomLayoutModel {
 public:
  using DType = graph::DType;
  using OpKind = graph::OpKind;
  using Shape = graph::Shape;

  struct Kind {
    OpKind op;
    DType type;
  };
  /// Operator and type of kind seed % kinds().size().
  static const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all = make_kinds();
    return all;
  }

  explicit RandomLayoutModel(uint64_t seed) : rng_(seed, 5), kind_(kinds()[seed % kinds().size()]) {}

  graph::Graph make() {
    switch (kind_.op) {
      case OpKind::kAveragePool2D:
      case OpKind::kMaxPool2D:
        add_pool();
        break;
      case OpKind::kMean:
      case OpKind::kSum:
      case OpKind::kReduceMax:
        add_reduction();
        break;
      case OpKind::kArgMax:
        add_arg_max();
        break;
      case OpKind::kPad:
      case OpKind::kPadV2:
      case OpKind::kMirrorPad:
        add_pad();
        break;
      case OpKind::kConcatenation:
      case OpKind::kPack:
        add_joined();
        break;
      case OpKind::kSplit:
        add_split();
        break;
      case OpKind::kSlice:
        add_slice();
        break;
      case OpKind::kStridedSlice:
        add_strided_slice();
        break;
      case OpKind::kDepthToSpace:
      case OpKind::kSpaceToBatchNd:
      case OpKind::kBatchToSpaceNd:
        add_blocks();
        break;
      case OpKind::kResizeBilinear:
      case OpKind::kResizeNearestNeighbor:
        add_resize();
        break;
      default:
        add_reordering();
    }
    return std::move(graph_);
  }

 private:
  static std::vector<Kind> make_kinds() {
    using enum DType;
    const std::vector<DType> computed = {kFloat32, kInt8, kUInt8, kInt16}, reduced = {kFloat32, kInt8, kUInt8, kInt16, kInt32, kInt64};
    const std::vector<DType> all = {kFloat32, kInt8, kUInt8, kInt16, kInt32, kInt64, kBool};
    const std::vector<std::pair<OpKind, std::vector<DType>>> table = {
        {OpKind::kAveragePool2D, computed},
        {OpKind::kMaxPool2D, computed},
        {OpKind::kMean, reduced},
        {OpKind::kSum, {kFloat32, kUInt8, kInt32, kInt64}},  // int8 and int16: the reference misreads its input
        {OpKind::kReduceMax, all},
        {OpKind::kArgMax, {kFloat32, kInt8, kUInt8, kInt32, kBool}},
        {OpKind::kReshape, all},
        {OpKind::kSqueeze, all},
        {OpKind::kExpandDims, all},
        {OpKind::kTranspose, all},
        {OpKind::kPad, all},
        {OpKind::kPadV2, all},
        {OpKind::kMirrorPad, all},
        {OpKind::kConcatenation, all},
        {OpKind::kPack, reduced},
        {OpKind::kSplit, reduced},
        {OpKind::kSlice, all},
        {OpKind::kStridedSlice, all},
        {OpKind::kShape, all},
        {OpKind::kDepthToSpace, {kFloat32, kInt8, kUInt8, kInt32, kInt64}},
        {OpKind::kSpaceToBatchNd, all},
        {OpKind::kBatchToSpaceNd, all},
        {OpKind::kResizeBilinear, computed},
        {OpKind::kResizeNearestNeighbor, {kFloat32, kInt8, kUInt8, kInt16, kInt32, kBool}},
    };
    std::vector<Kind> kinds;
    for (const auto& [op, types] : table) {
      for (DType type : types) kinds.push_back({op, type});
    }
    return kinds;
  }

  int32_t between(int32_t low, int32_t high) { return low + static_cast<int32_t>(rng_.next_below(static_cast<uint32_t>(high - low + 1))); }
  void shuffle(std::vector<int32_t>& values) {
    for (size_t left = values.size(); left > 1; --left) std::swap(values[left - 1], values[rng_.next_below(static_cast<uint32_t>(left))]);
  }
  bool one_in(uint32_t count) { return rng_.next_below(count) == 0; }
  bool quantized() const { return kind_.type == DType::kInt8 || kind_.type == DType::kUInt8 || kind_.type == DType::kInt16; }

  graph::Quantization random_quantization() {
    const bool is_unsigned = kind_.type == DType::kUInt8;
    const int64_t ends[] = {is_unsigned ? 0 : -128, is_unsigned ? 255 : 127, is_unsigned ? 128 : 0,
                            between(-128, 127) + (is_unsigned ? 128 : 0)};
    return {{0.01f + 0.1f * rng_.next_float()}, {kind_.type == DType::kInt16 ? 0 : ends[rng_.next_below(4)]}, 0};
  }
  Shape random_shape(int32_t low_rank, int32_t high_rank, int32_t most = 6) {
    Shape shape(static_cast<size_t>(between(low_rank, high_rank)));
    for (int32_t& extent : shape) extent = one_in(4) ? 1 : between(1, most);
    return shape;
  }
  /// An axis as TFLite has it: from the front or from the back.
  int32_t random_axis(int32_t rank) { return between(-rank, rank - 1); }

  graph::TensorId activation(Shape shape, DType type) {
    graph::Tensor tensor{.name = format("t{}", graph_.tensors.size()), .type = type, .shape = std::move(shape)};
    if (quantized() && type == kind_.type) tensor.quantization = shared_;
    return graph_.add_tensor(std::move(tensor));
  }
  graph::TensorId input(Shape shape) {
    if (graph_.inputs.empty()) shared_ = random_quantization();
    graph_.inputs.push_back(activation(std::move(shape), kind_.type));
    return graph_.inputs.back();
  }
  template <typename T>
  graph::TensorId constant(DType type, Shape shape, const std::vector<T>& values) {
    graph::Tensor tensor{
        .name = format("c{}", graph_.tensors.size()), .type = type, .shape = std::move(shape), .role = graph::Role::kConstant};
    tensor.data.resize(values.size() * sizeof(T));
    std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
    return graph_.add_tensor(std::move(tensor));
  }
  graph::TensorId indices(const std::vector<int32_t>& values) {
    return constant(DType::kInt32, {static_cast<int32_t>(values.size())}, values);
  }
  /// Where TFLite takes int64 too.
  graph::TensorId wide_indices(const Shape& shape, const std::vector<int32_t>& values) {
    if (one_in(3)) return constant(DType::kInt64, shape, std::vector<int64_t>(values.begin(), values.end()));
    return constant(DType::kInt32, shape, values);
  }
  void append(std::vector<graph::TensorId> inputs, graph::OpParams params, DType output_type, size_t outputs = 1) {
    graph::Op op = {.kind = kind_.op, .name = "op", .inputs = std::move(inputs), .outputs = {}, .params = std::move(params)};
    for (size_t output = 0; output < outputs; ++output) op.outputs.push_back(activation({}, output_type));
    graph_.outputs = op.outputs;
    graph_.ops.push_back(std::move(op));
    const Status inferred = graph::infer_shapes(graph_);
    if (!inferred.ok()) check_failed("infer_shapes", inferred.message());
  }
  void append(std::vector<graph::TensorId> inputs, graph::OpParams params = {}) {
    append(std::move(inputs), std::move(params), kind_.type);
  }

  void add_pool() {
    const Shape x = {between(1, 3), between(1, 9), between(1, 9), between(1, 9)};
    graph::Pool2DParams params;
    params.padding = one_in(2) ? graph::Padding::kSame : graph::Padding::kValid;
    params.filter_h = between(1, params.padding == graph::Padding::kSame ? 5 : x[1]);
    params.filter_w = between(1, params.padding == graph::Padding::kSame ? 5 : x[2]);
    params.stride_h = between(1, 4);
    params.stride_w = between(1, 4);
    params.activation = static_cast<graph::Activation>(rng_.next_below(4));
    append({input(x)}, params);
  }

  void add_reduction() {
    const Shape x = one_in(3) ? Shape{between(1, 2), between(1, 9), between(1, 9), between(1, 9)} : random_shape(1, 5);
    const auto rank = static_cast<int32_t>(x.size());
    std::vector<int32_t> axes;
    for (int32_t count = between(1, rank); count > 0; --count) axes.push_back(random_axis(rank));
    if (rank == 4 && one_in(3)) axes = {1, 2};
    const graph::TensorId source = input(x);
    append({source, indices(axes)}, graph::ReductionParams{one_in(2)});
    if (quantized() && kind_.op != OpKind::kReduceMax && !one_in(4)) graph_.tensor(graph_.outputs[0]).quantization = random_quantization();
  }

  void add_arg_max() {
    const Shape x = random_shape(1, 5);
    append({input(x), wide_indices({1}, {random_axis(static_cast<int32_t>(x.size()))})}, {}, one_in(2) ? DType::kInt32 : DType::kInt64);
  }

  void add_pad() {
    const Shape x = random_shape(1, kind_.op == OpKind::kMirrorPad ? 4 : 5, 4);
    const bool symmetric = one_in(2);
    std::vector<int32_t> paddings;
    for (int32_t extent : x) {
      const int32_t most = kind_.op != OpKind::kMirrorPad ? 3 : symmetric ? extent : extent - 1;
      for (int side = 0; side < 2; ++side) paddings.push_back(one_in(3) ? 0 : between(0, most));
    }
    const graph::TensorId source = input(x), margins = wide_indices({static_cast<int32_t>(x.size()), 2}, paddings);
    if (kind_.op == OpKind::kMirrorPad) return append({source, margins}, graph::MirrorPadParams{symmetric});
    if (kind_.op == OpKind::kPad) return append({source, margins});
    const auto bytes = static_cast<size_t>(graph::dtype_bytes(kind_.type));
    std::vector<uint8_t> value(bytes);
    for (uint8_t& byte : value) byte = static_cast<uint8_t>(rng_.next_below(kind_.type == DType::kBool ? 2 : 256));
    const graph::TensorId filling = constant(kind_.type, one_in(2) ? Shape{1} : Shape{}, value);
    if (quantized()) graph_.tensor(filling).quantization = shared_;
    append({source, margins, filling});
  }

  void add_joined() {
    Shape x = random_shape(1, 4);
    const auto rank = static_cast<int32_t>(x.size());
    const int32_t axis = random_axis(kind_.op == OpKind::kPack ? rank + 1 : rank);
    std::vector<graph::TensorId> parts;
    for (int32_t count = between(1, 4); count > 0; --count) {
      if (kind_.op == OpKind::kConcatenation) x[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = between(1, 5);
      parts.push_back(input(x));
    }
    append(parts, graph::AxisParams{.axis = axis});
    if (kind_.op != OpKind::kConcatenation || kind_.type != DType::kUInt8) return;
    for (graph::TensorId part : parts) {
      if (one_in(2)) graph_.tensor(part).quantization = random_quantization();
    }
  }

  void add_split() {
    Shape x = random_shape(1, 4);
    const auto rank = static_cast<int32_t>(x.size());
    const int32_t axis = random_axis(rank), parts = between(1, 4);
    x[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = parts * between(1, 3);
    const graph::TensorId source = input(x);
    append({constant(DType::kInt32, {}, std::vector<int32_t>{axis}), source}, graph::SplitParams{parts}, kind_.type,
           static_cast<size_t>(parts));
  }

  void add_slice() {
    const Shape x = random_shape(1, 5);
    std::vector<int32_t> begin, size;
    for (int32_t extent : x) {
      begin.push_back(between(0, extent - 1));
      size.push_back(one_in(4) ? -1 : between(1, extent - begin.back()));
    }
    const Shape rank = {static_cast<int32_t>(x.size())};
    const bool wide = one_in(3);  // both of one type
    const auto values = [&](const std::vector<int32_t>& of) {
      return wide ? constant(DType::kInt64, rank, std::vector<int64_t>(of.begin(), of.end())) : constant(DType::kInt32, rank, of);
    };
    const graph::TensorId source = input(x), first = values(begin), count = values(size);
    append({source, first, count});
  }

  /// Tries until something is selected.
  void add_strided_slice() {
    for (;;) {
      const Shape x = random_shape(1, 4, 7);
      const auto rank = static_cast<int32_t>(x.size());
      graph::StridedSliceParams params;
      const int32_t count = between(1, rank + 1);
      const auto mask = [&] { return one_in(2) ? 0 : between(0, (1 << count) - 1); };
      params = {.begin_mask = mask(), .end_mask = mask(), .shrink_axis_mask = one_in(2) ? mask() : 0};
      if (one_in(3)) params.ellipsis_mask = 1 << between(0, count - 1);
      if (one_in(3)) params.new_axis_mask = 1 << between(0, count - 1);
      params.end_is_offset = one_in(5);
      std::vector<int32_t> begin, end, strides;
      for (int32_t index = 0; index < count; ++index) {
        begin.push_back(between(-8, 7));
        end.push_back(params.end_is_offset ? between(1, 4) : between(-8, 8));
        strides.push_back(one_in(2) ? 1 : one_in(2) ? between(1, 3) : -between(1, 3));
      }
      graph_ = {};
      const graph::TensorId source = input(x), b = indices(begin), e = indices(end), s = indices(strides);
      graph::Op op = {
          .kind = kind_.op, .name = "op", .inputs = {source, b, e, s}, .outputs = {activation({}, kind_.type)}, .params = params};
      graph_.outputs = op.outputs;
      graph_.ops.push_back(std::move(op));
      if (graph::infer_shapes(graph_).ok()) return;
    }
  }

  void add_blocks() {
    if (kind_.op == OpKind::kDepthToSpace) {
      const int32_t block = between(1, 3);
      append({input({between(1, 2), between(1, 4), between(1, 4), block * block * between(1, 3)})}, graph::BlockParams{block});
      return;
    }
    const int32_t spatial = between(1, 2);
    Shape x = {between(1, 2)};
    std::vector<int32_t> block, margins;
    for (int32_t axis = 0; axis < spatial; ++axis) {
      block.push_back(between(1, 3));
      margins.push_back(between(0, 2));
      margins.push_back(between(0, 2));
      if (kind_.op == OpKind::kSpaceToBatchNd) {
        const int32_t padding = margins[margins.size() - 2] + margins.back();
        const int32_t blocks = between(padding / block.back() + 1, padding / block.back() + 4);
        x.push_back(blocks * block.back() - padding);
      } else {
        x.push_back(between((margins[margins.size() - 2] + margins.back()) / block.back() + 1, 6));
        x[0] *= block.back();
      }
    }
    x.push_back(between(1, 5));
    const graph::TensorId source = input(x), blocks = indices(block);
    append({source, blocks, constant(DType::kInt32, {spatial, 2}, margins)});
  }

  void add_resize() {
    graph::ResizeParams params;
    const uint32_t mode = rng_.next_below(kind_.op == OpKind::kResizeBilinear ? 3 : 4);
    params.align_corners = (mode & 1) != 0;
    params.half_pixel_centers = (mode & 2) != 0;
    const graph::TensorId source = input({between(1, 3), between(1, 12), between(1, 12), between(1, 6)});
    append({source, indices({between(1, one_in(4) ? 60 : 14), between(1, one_in(4) ? 60 : 14)})}, params);
  }

  /// RESHAPE, SQUEEZE, EXPAND_DIMS, TRANSPOSE and SHAPE.
  void add_reordering() {
    const Shape x = random_shape(1, 5);
    const auto rank = static_cast<int32_t>(x.size());
    const graph::TensorId source = input(x);
    switch (kind_.op) {
      case OpKind::kReshape: {
        std::vector<int32_t> wanted(x.begin(), x.end());
        shuffle(wanted);
        if (one_in(2)) wanted[rng_.next_below(static_cast<uint32_t>(wanted.size()))] = -1;
        return append({source, indices(wanted)});
      }
      case OpKind::kSqueeze: {
        graph::SqueezeParams params;
        for (int32_t axis = 0; axis < rank; ++axis) {
          if (x[static_cast<size_t>(axis)] == 1 && one_in(2)) params.axes.push_back(one_in(2) ? axis : axis - rank);
        }
        return append({source}, params);
      }
      case OpKind::kExpandDims:
        return append({source, wide_indices({1}, {random_axis(rank + 1)})});
      case OpKind::kTranspose: {
        std::vector<int32_t> permutation(x.size());
        std::iota(permutation.begin(), permutation.end(), one_in(3) ? -rank : 0);
        shuffle(permutation);
        return append({source, indices(permutation)});
      }
      default:
        return append({source}, {}, one_in(2) ? DType::kInt32 : DType::kInt64);
    }
  }

  Rng rng_;
  Kind kind_;
  graph::Graph graph_;
  graph::Quantization shared_;  // of all tensors, but where an operator rescales
};

}  // namespace liteqat::tests
