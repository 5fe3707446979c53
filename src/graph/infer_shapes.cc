#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/checked.h"
#include "graph/rules.h"

namespace liteqat::graph {
namespace {

/// Extents, filters and strides beyond this are refused, so that 32-bit window arithmetic cannot overflow.
constexpr int32_t kMaxExtent = 1 << 30;

/// One operator seen with the shapes known so far. A message of its functions still lacks the operator's name.
struct OpView {
  const Graph& graph;
  const Op& op;
  const std::vector<Shape>& shapes;

  bool has_input(size_t position) const { return position < op.inputs.size() && op.inputs[position] != kNoTensor; }
  const Shape& input(size_t position) const { return shapes[static_cast<size_t>(op.inputs[position])]; }
  std::span<const int32_t> indices() const { return graph.tensor(op.inputs[1]).as<int32_t>(); }
};

Result<int64_t> checked_elems(const Shape& shape) {
  const auto count = checked_product(std::span<const int32_t>(shape));
  if (!count) return error(Code::kOutOfRange, "shape {} has a negative extent or too many elements", shape_text(shape));
  return *count;
}

Status require_rank(const Shape& shape, size_t rank, const char* what) {
  if (shape.size() == rank) return {};
  return error(Code::kMismatch, "{} must have {} extents, found {}", what, rank, shape_text(shape));
}

struct Window {
  Padding padding;
  int32_t filter, stride, dilation;
};

Result<int32_t> window_extent(const Window& window, int32_t input, const char* axis) {
  if (window.stride < 1 || window.filter < 1 || window.dilation < 1 || window.stride > kMaxExtent || window.dilation > kMaxExtent) {
    return error(Code::kOutOfRange, "filter, stride and dilation along {} must be at least 1 (at most 2^30), found {}, {} and {}", axis,
                 window.filter, window.stride, window.dilation);
  }
  const int64_t covered = (int64_t{window.filter} - 1) * window.dilation + 1;
  if (input < 1 || input > kMaxExtent || covered > kMaxExtent) {
    return error(Code::kOutOfRange, "input extent {} and dilated filter {} along {} must lie in 1 to 2^30", input, covered, axis);
  }
  const int32_t output = numeric::window_output_extent(window.padding, input, window.filter, window.stride, window.dilation);
  if (output < 1) {
    return error(Code::kMismatch, "a filter of {} (dilation {}) does not fit an input of {} along {} with VALID padding", window.filter,
                 window.dilation, input, axis);
  }
  return output;
}

Status check_bias(const OpView& view, int32_t channels) {
  if (!view.has_input(2)) return {};
  if (view.input(2) == Shape{channels}) return {};
  return error(Code::kMismatch, "bias must have shape [{}], found {}", channels, shape_text(view.input(2)));
}

template <typename Params>
Result<Shape> windowed_shape(const Params& params, const Shape& x, int32_t filter_h, int32_t filter_w, int32_t dilation_h,
                             int32_t dilation_w, int32_t channels) {
  LITEQAT_ASSIGN_OR_RETURN(const int32_t height, window_extent({params.padding, filter_h, params.stride_h, dilation_h}, x[1], "height"));
  LITEQAT_ASSIGN_OR_RETURN(const int32_t width, window_extent({params.padding, filter_w, params.stride_w, dilation_w}, x[2], "width"));
  return Shape{x[0], height, width, channels};
}

Result<Shape> conv2d_shape(const OpView& view) {
  const Shape &x = view.input(0), &w = view.input(1);
  LITEQAT_RETURN_IF_ERROR(require_rank(x, 4, "the input"));
  LITEQAT_RETURN_IF_ERROR(require_rank(w, 4, "the weights"));
  if (w[3] != x[3]) {
    return error(Code::kUnsupported, "weights {} expect {} input channels, the input {} has {} (grouped convolution is not supported)",
                 shape_text(w), w[3], shape_text(x), x[3]);
  }
  LITEQAT_RETURN_IF_ERROR(check_bias(view, w[0]));
  const auto& params = view.op.params_as<Conv2DParams>();
  return windowed_shape(params, x, w[1], w[2], params.dilation_h, params.dilation_w, w[0]);
}

Result<Shape> depthwise_shape(const OpView& view) {
  const Shape &x = view.input(0), &w = view.input(1);
  LITEQAT_RETURN_IF_ERROR(require_rank(x, 4, "the input"));
  LITEQAT_RETURN_IF_ERROR(require_rank(w, 4, "the weights"));
  const auto& params = view.op.params_as<DepthwiseConv2DParams>();
  if (w[0] != 1 || params.depth_multiplier < 1 || int64_t{x[3]} * params.depth_multiplier != w[3]) {
    return error(Code::kMismatch, "weights must have shape [1,KH,KW,{} channels * depth multiplier {}], found {}", x[3],
                 params.depth_multiplier, shape_text(w));
  }
  LITEQAT_RETURN_IF_ERROR(check_bias(view, w[3]));
  return windowed_shape(params, x, w[1], w[2], params.dilation_h, params.dilation_w, w[3]);
}

Result<Shape> fully_connected_shape(const OpView& view) {
  const Shape &x = view.input(0), &w = view.input(1);
  LITEQAT_RETURN_IF_ERROR(require_rank(w, 2, "the weights"));
  LITEQAT_RETURN_IF_ERROR(check_bias(view, w[0]));
  LITEQAT_ASSIGN_OR_RETURN(const int64_t elems, checked_elems(x));
  if (view.op.params_as<FullyConnectedParams>().keep_num_dims) {
    if (x.empty() || x.back() != w[1]) {
      return error(Code::kMismatch, "weights {} expect a last extent of {}, the input has shape {}", shape_text(w), w[1], shape_text(x));
    }
    Shape output = x;
    output.back() = w[0];
    return output;
  }
  if (w[1] < 1 || elems % w[1] != 0 || elems / w[1] > std::numeric_limits<int32_t>::max()) {
    return error(Code::kMismatch, "input {} has {} elements, which do not divide into rows of {} as the weights {} expect", shape_text(x),
                 elems, w[1], shape_text(w));
  }
  return Shape{static_cast<int32_t>(elems / w[1]), w[0]};
}

Result<Shape> batch_norm_shape(const OpView& view) {
  const Shape& x = view.input(0);
  if (x.empty()) return error(Code::kMismatch, "the input must have a channel axis, found a scalar");
  constexpr const char* kNames[] = {"x", "gamma", "beta", "moving mean", "moving variance"};
  for (size_t position = 1; position < 5; ++position) {
    if (view.input(position) != Shape{x.back()}) {
      return error(Code::kMismatch, "{} must have shape [{}], found {}", kNames[position], x.back(), shape_text(view.input(position)));
    }
  }
  return x;
}

/// Equal shapes, or extents of 1 stretched, aligned at the last axis.
Result<Shape> add_shape(const OpView& view) {
  const Shape &a = view.input(0), &b = view.input(1);
  Shape output(std::max(a.size(), b.size()));
  for (size_t back = 1; back <= output.size(); ++back) {
    const int32_t a_extent = back <= a.size() ? a[a.size() - back] : 1;
    const int32_t b_extent = back <= b.size() ? b[b.size() - back] : 1;
    if (a_extent != b_extent && a_extent != 1 && b_extent != 1) {
      return error(Code::kMismatch, "shapes {} and {} are neither equal nor broadcastable", shape_text(a), shape_text(b));
    }
    output[output.size() - back] = a_extent == 1 ? b_extent : a_extent;
  }
  return output;
}

Result<Shape> pool_shape(const OpView& view) {
  const Shape& x = view.input(0);
  LITEQAT_RETURN_IF_ERROR(require_rank(x, 4, "the input"));
  const auto& params = view.op.params_as<Pool2DParams>();
  return windowed_shape(params, x, params.filter_h, params.filter_w, 1, 1, x[3]);
}

Result<Shape> mean_shape(const OpView& view) {
  const Shape& x = view.input(0);
  const auto rank = static_cast<int32_t>(x.size());
  std::vector<bool> reduced(x.size());
  for (int32_t axis : view.indices()) {
    if (axis < -rank || axis >= rank) return error(Code::kOutOfRange, "axis {} is outside an input of shape {}", axis, shape_text(x));
    reduced[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  if (!reduced.empty() && reduced[0]) return error(Code::kUnsupported, "it reduces axis 0, the batch; only the other axes are supported");
  Shape output;
  for (size_t axis = 0; axis < x.size(); ++axis) {
    if (!reduced[axis]) {
      output.push_back(x[axis]);
    } else if (view.op.params_as<MeanParams>().keep_dims) {
      output.push_back(1);
    }
  }
  return output;
}

Result<Shape> pad_shape(const OpView& view) {
  const Shape& x = view.input(0);
  if (view.input(1) != Shape{static_cast<int32_t>(x.size()), 2}) {
    return error(Code::kMismatch, "paddings must have shape [{},2], found {}", x.size(), shape_text(view.input(1)));
  }
  const auto paddings = view.indices();
  Shape output = x;
  for (size_t axis = 0; axis < x.size(); ++axis) {
    const int64_t before = paddings[2 * axis], after = paddings[2 * axis + 1];
    if (before < 0 || after < 0 || before > kMaxExtent || after > kMaxExtent || x[axis] > kMaxExtent - before - after) {
      return error(Code::kOutOfRange, "paddings {} and {} of axis {} of an input {} must not be negative nor the sum exceed 2^30", before,
                   after, axis, shape_text(x));
    }
    if (axis == 0 && before + after > 0) return error(Code::kUnsupported, "it pads axis 0, the batch; only the other axes are supported");
    output[axis] = static_cast<int32_t>(x[axis] + before + after);
  }
  return output;
}

/// A stored batch extent of 1 follows the batch: [1,2028] means [N,2028] for an input of N images.
Result<Shape> reshape_shape(const OpView& view) {
  const Shape& x = view.input(0);
  LITEQAT_ASSIGN_OR_RETURN(const int64_t elems, checked_elems(x));
  Shape output(view.indices().begin(), view.indices().end());
  const auto inferred = std::ranges::count(output, -1);
  const bool follows_batch = !output.empty() && output[0] == 1 && !x.empty() && x[0] > 1;
  int64_t known = 1;
  for (int32_t extent : output) {
    if (extent == -1) continue;
    const auto product = extent < 0 ? std::nullopt : checked_mul(known, extent);
    if (!product) return error(Code::kOutOfRange, "new shape {} has a negative extent or too many elements", shape_text(output));
    known = *product;
  }
  if (follows_batch && (inferred == 1 || known != elems)) {
    const auto product = checked_mul(known, x[0]);
    if (!product) return error(Code::kOutOfRange, "new shape {} has too many elements", shape_text(output));
    output[0] = x[0];
    known = *product;
  }
  const bool fits = inferred == 0 ? known == elems : inferred == 1 && known > 0 && elems % known == 0;
  if (!fits || (inferred == 1 && elems / known > kMaxExtent)) {
    return error(Code::kMismatch, "an input {} of {} elements cannot take the new shape {}", shape_text(x), elems,
                 shape_text({view.indices().begin(), view.indices().end()}));
  }
  if (inferred == 1) *std::ranges::find(output, -1) = static_cast<int32_t>(elems / known);
  return output;
}

Result<Shape> output_shape(const OpView& view) {
  switch (view.op.kind) {
    case OpKind::kConv2D:
      return conv2d_shape(view);
    case OpKind::kDepthwiseConv2D:
      return depthwise_shape(view);
    case OpKind::kFullyConnected:
      return fully_connected_shape(view);
    case OpKind::kBatchNorm:
      return batch_norm_shape(view);
    case OpKind::kAdd:
      return add_shape(view);
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
      return pool_shape(view);
    case OpKind::kMean:
      return mean_shape(view);
    case OpKind::kPad:
      return pad_shape(view);
    case OpKind::kReshape:
      return reshape_shape(view);
    case OpKind::kSoftmax:
      if (view.input(0).empty()) return error(Code::kMismatch, "the input must have at least one axis, found a scalar");
      return view.input(0);
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kQuantize:
    case OpKind::kDequantize:
      return view.input(0);
  }
  return error(Code::kUnsupported, "unknown operator kind");
}

/// MEAN, PAD and RESHAPE read their constant's values: the payload must be what the shape says.
Status check_index_payload(const OpView& view) {
  if (view.op.kind != OpKind::kMean && view.op.kind != OpKind::kPad && view.op.kind != OpKind::kReshape) return {};
  const Tensor& tensor = view.graph.tensor(view.op.inputs[1]);
  LITEQAT_ASSIGN_OR_RETURN(const int64_t elems, checked_elems(tensor.shape));
  if (static_cast<int64_t>(tensor.data.size() / sizeof(int32_t)) == elems && tensor.data.size() % sizeof(int32_t) == 0) return {};
  return error(Code::kMismatch, "constant '{}' of shape {} holds {} bytes", tensor.name, shape_text(tensor.shape), tensor.data.size());
}

}  // namespace

Result<Shape> compute_output_shape(const Graph& graph, const Op& op, const std::vector<Shape>& shapes) {
  const OpView view = {graph, op, shapes};
  LITEQAT_RETURN_IF_ERROR(check_index_payload(view));
  LITEQAT_ASSIGN_OR_RETURN(Shape shape, output_shape(view));
  LITEQAT_ASSIGN_OR_RETURN(const int64_t elems, checked_elems(shape));
  if (elems < 1 || !checked_mul(elems, sizeof(int64_t))) {
    return error(Code::kOutOfRange, "its output would have shape {}", shape_text(shape));
  }
  return shape;
}

Result<std::vector<Shape>> compute_shapes(const Graph& graph, int32_t batch) {
  std::vector<Shape> shapes;
  shapes.reserve(graph.tensors.size());
  for (const Tensor& tensor : graph.tensors) shapes.push_back(tensor.shape);
  for (TensorId id : graph.inputs) {
    Shape& shape = shapes[static_cast<size_t>(id)];
    if (batch > 0 && !shape.empty()) shape[0] = batch;
    const auto elems = checked_product(std::span<const int32_t>(shape));
    if (!elems || *elems < 1 || !checked_mul(*elems, sizeof(int64_t))) {
      return error(Code::kOutOfRange, "graph input '{}' has shape {}: every extent must be at least 1", graph.tensor(id).name,
                   shape_text(shape));
    }
  }
  for (size_t op_index = 0; op_index < graph.ops.size(); ++op_index) {
    const Op& op = graph.ops[op_index];
    auto shape = compute_output_shape(graph, op, shapes);
    if (!shape.ok()) return shape.status().with_context(op_text(graph, op_index));
    shapes[static_cast<size_t>(op.outputs[0])] = std::move(shape).value();
  }
  return shapes;
}

Status infer_shapes(Graph& graph, int32_t batch) {
  if (batch < 0) return error(Code::kInvalidArgument, "the batch must not be negative, found {}", batch);
  LITEQAT_RETURN_IF_ERROR(check_structure(graph));
  LITEQAT_ASSIGN_OR_RETURN(std::vector<Shape> shapes, compute_shapes(graph, batch));
  for (size_t id = 0; id < shapes.size(); ++id) graph.tensors[id].shape = std::move(shapes[id]);
  return {};
}

}  // namespace liteqat::graph
