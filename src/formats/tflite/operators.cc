#include "formats/tflite/operators.h"

#include <algorithm>
#include <iterator>

#include "tflite_schema_generated.h"

namespace liteqat::formats::tflite {
namespace {

namespace fbs = ::tflite;
using graph::DType;
using graph::Graph;
using graph::Op;
using graph::OpKind;

constexpr size_t kMaxVersions = 14;

struct Entry {
  OpKind kind;
  int32_t builtin_code;
  Release releases[kMaxVersions];  // of version 1, 2, ...; zeros after the last
};

constexpr Entry kEntries[] = {
    {OpKind::kConv2D,
     fbs::BuiltinOperator_CONV_2D,
     {{1, 5, 0}, {1, 14, 0}, {1, 14, 0}, {2, 3, 0}, {2, 4, 0}, {2, 9, 0}, {2, 11, 0}, {2, 15, 0}}},
    {OpKind::kDepthwiseConv2D,
     fbs::BuiltinOperator_DEPTHWISE_CONV_2D,
     {{1, 5, 0}, {1, 12, 0}, {1, 14, 0}, {2, 2, 0}, {2, 3, 0}, {2, 3, 0}, {2, 11, 0}}},
    {OpKind::kFullyConnected,
     fbs::BuiltinOperator_FULLY_CONNECTED,
     {{1, 5, 0},
      {1, 10, 0},
      {1, 14, 0},
      {1, 14, 0},
      {2, 0, 0},
      {2, 1, 0},
      {2, 3, 0},
      {2, 3, 0},
      {2, 3, 0},
      {2, 11, 0},
      {2, 15, 0},
      {2, 17, 0},
      {2, 18, 0},
      {2, 21, 0}}},
    {OpKind::kTransposeConv, fbs::BuiltinOperator_TRANSPOSE_CONV, {{1, 9, 0}, {2, 2, 0}, {2, 3, 0}, {2, 13, 0}, {2, 15, 0}}},
    {OpKind::kAdd, fbs::BuiltinOperator_ADD, {{1, 5, 0}, {1, 14, 0}, {2, 4, 0}, {2, 6, 0}, {2, 13, 0}, {2, 23, 0}}},
    {OpKind::kSub, fbs::BuiltinOperator_SUB, {{1, 6, 0}, {1, 14, 0}, {2, 3, 0}, {2, 4, 0}, {2, 4, 0}}},
    {OpKind::kMul, fbs::BuiltinOperator_MUL, {{1, 5, 0}, {1, 14, 0}, {1, 15, 0}, {2, 3, 0}, {2, 6, 0}, {2, 11, 0}, {2, 13, 0}, {2, 23, 0}}},
    {OpKind::kMaximum, fbs::BuiltinOperator_MAXIMUM, {{1, 14, 0}, {1, 14, 0}, {2, 3, 0}, {2, 3, 0}}},
    {OpKind::kMinimum, fbs::BuiltinOperator_MINIMUM, {{1, 14, 0}, {1, 14, 0}, {2, 3, 0}, {2, 3, 0}}},
    {OpKind::kRelu, fbs::BuiltinOperator_RELU, {{1, 5, 0}, {2, 1, 0}, {2, 5, 0}}},
    {OpKind::kRelu6, fbs::BuiltinOperator_RELU6, {{1, 5, 0}, {1, 14, 0}, {2, 5, 0}}},
    {OpKind::kReluN1To1, fbs::BuiltinOperator_RELU_N1_TO_1, {{1, 5, 0}}},
    {OpKind::kLeakyRelu, fbs::BuiltinOperator_LEAKY_RELU, {{1, 13, 1}, {2, 3, 0}}},
    {OpKind::kPrelu, fbs::BuiltinOperator_PRELU, {{1, 8, 0}}},
    {OpKind::kElu, fbs::BuiltinOperator_ELU, {{1, 14, 0}}},
    {OpKind::kHardSwish, fbs::BuiltinOperator_HARD_SWISH, {{1, 15, 0}}},
    {OpKind::kLogistic, fbs::BuiltinOperator_LOGISTIC, {{1, 14, 0}, {1, 14, 0}, {2, 3, 0}}},
    {OpKind::kTanh, fbs::BuiltinOperator_TANH, {{1, 14, 0}, {1, 14, 0}, {2, 3, 0}}},
    {OpKind::kSoftmax, fbs::BuiltinOperator_SOFTMAX, {{1, 5, 0}, {1, 14, 0}, {2, 3, 0}}},
    {OpKind::kLogSoftmax, fbs::BuiltinOperator_LOG_SOFTMAX, {{1, 14, 0}, {1, 14, 0}}},
    {OpKind::kL2Normalization, fbs::BuiltinOperator_L2_NORMALIZATION, {{1, 5, 0}, {1, 14, 0}}},
    {OpKind::kMaxPool2D, fbs::BuiltinOperator_MAX_POOL_2D, {{1, 5, 0}, {1, 14, 0}, {2, 3, 0}}},
    {OpKind::kAveragePool2D, fbs::BuiltinOperator_AVERAGE_POOL_2D, {{1, 5, 0}, {1, 14, 0}, {2, 3, 0}}},
    {OpKind::kMean, fbs::BuiltinOperator_MEAN, {{1, 6, 0}, {1, 14, 0}, {2, 4, 0}}},
    {OpKind::kSum, fbs::BuiltinOperator_SUM, {{1, 10, 0}, {1, 15, 0}}},
    {OpKind::kReduceMax, fbs::BuiltinOperator_REDUCE_MAX, {{1, 11, 0}, {1, 14, 0}, {2, 5, 0}}},
    {OpKind::kArgMax, fbs::BuiltinOperator_ARG_MAX, {{1, 9, 0}, {1, 14, 0}, {2, 9, 0}}},
    {OpKind::kPad, fbs::BuiltinOperator_PAD, {{1, 5, 0}, {1, 14, 0}, {2, 4, 0}, {2, 6, 0}, {2, 20, 0}}},
    {OpKind::kPadV2, fbs::BuiltinOperator_PADV2, {{1, 9, 0}, {1, 14, 0}, {2, 4, 0}, {2, 6, 0}, {2, 20, 0}}},
    {OpKind::kMirrorPad, fbs::BuiltinOperator_MIRROR_PAD, {{1, 13, 1}, {2, 3, 0}, {2, 12, 0}}},
    {OpKind::kReshape, fbs::BuiltinOperator_RESHAPE, {{1, 5, 0}}},
    {OpKind::kSqueeze, fbs::BuiltinOperator_SQUEEZE, {{1, 6, 0}, {2, 5, 0}}},
    {OpKind::kExpandDims, fbs::BuiltinOperator_EXPAND_DIMS, {{1, 10, 0}}},
    {OpKind::kTranspose,
     fbs::BuiltinOperator_TRANSPOSE,
     {{1, 6, 0}, {1, 14, 0}, {1, 15, 0}, {2, 3, 0}, {2, 4, 0}, {2, 12, 0}, {2, 14, 4}, {2, 22, 0}, {2, 23, 0}}},
    {OpKind::kConcatenation, fbs::BuiltinOperator_CONCATENATION, {{1, 5, 0}, {1, 14, 0}, {2, 3, 0}, {2, 14, 0}, {2, 21, 0}, {2, 23, 0}}},
    {OpKind::kPack, fbs::BuiltinOperator_PACK, {{1, 11, 0}, {1, 14, 0}, {2, 3, 0}, {2, 13, 0}}},
    {OpKind::kSplit, fbs::BuiltinOperator_SPLIT, {{1, 5, 0}, {1, 14, 0}, {1, 14, 0}, {2, 3, 0}}},
    {OpKind::kSlice,
     fbs::BuiltinOperator_SLICE,
     {{1, 14, 0}, {1, 14, 0}, {1, 14, 0}, {2, 4, 0}, {2, 5, 0}, {2, 14, 0}, {2, 21, 0}, {2, 23, 0}}},
    {OpKind::kStridedSlice,
     fbs::BuiltinOperator_STRIDED_SLICE,
     {{1, 6, 0}, {1, 14, 0}, {2, 1, 0}, {2, 2, 0}, {2, 5, 0}, {2, 6, 0}, {2, 14, 0}, {2, 14, 0}}},
    {OpKind::kShape, fbs::BuiltinOperator_SHAPE, {{1, 10, 0}}},
    {OpKind::kDepthToSpace, fbs::BuiltinOperator_DEPTH_TO_SPACE, {{2, 1, 0}, {2, 5, 0}}},
    {OpKind::kSpaceToBatchNd, fbs::BuiltinOperator_SPACE_TO_BATCH_ND, {{1, 6, 0}, {1, 14, 0}, {2, 3, 0}, {2, 12, 0}}},
    {OpKind::kBatchToSpaceNd, fbs::BuiltinOperator_BATCH_TO_SPACE_ND, {{1, 6, 0}, {1, 14, 0}, {2, 3, 0}, {2, 12, 0}}},
    {OpKind::kResizeBilinear, fbs::BuiltinOperator_RESIZE_BILINEAR, {{1, 7, 0}, {1, 14, 0}, {2, 2, 0}, {2, 5, 0}}},
    {OpKind::kResizeNearestNeighbor, fbs::BuiltinOperator_RESIZE_NEAREST_NEIGHBOR, {{1, 13, 1}, {1, 14, 0}, {2, 3, 0}, {2, 4, 0}}},
    {OpKind::kCast,
     fbs::BuiltinOperator_CAST,
     {{1, 5, 0}, {2, 7, 0}, {2, 8, 0}, {2, 9, 0}, {2, 12, 0}, {2, 15, 0}, {2, 17, 0}, {2, 21, 0}}},
    {OpKind::kQuantize, fbs::BuiltinOperator_QUANTIZE, {{1, 14, 0}, {1, 15, 0}, {2, 7, 0}, {2, 21, 0}, {2, 21, 0}, {2, 21, 0}}},
    {OpKind::kDequantize,
     fbs::BuiltinOperator_DEQUANTIZE,
     {{1, 13, 1}, {1, 14, 0}, {1, 15, 0}, {2, 2, 0}, {2, 7, 0}, {2, 18, 0}, {2, 21, 0}, {2, 22, 0}}},
};

const Entry* find_entry(OpKind kind) {
  const auto* found = std::ranges::find(kEntries, kind, &Entry::kind);
  return found == std::end(kEntries) ? nullptr : found;
}

// What op_version.cc calls the operator's signature.
struct Signature {
  DType x, y;
  DType weights;             // of CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED
  bool weights_per_channel;  // likewise
  size_t input_count;
  size_t rank;

  bool all(DType type) const { return x == type && weights == type && y == type; }
  bool hybrid() const { return x == DType::kFloat32 && weights == DType::kInt8 && y == DType::kFloat32; }
  bool int16_by_int8() const { return x == DType::kInt16 && weights == DType::kInt8 && y == DType::kInt16; }
};

Signature make_signature(const Graph& graph, const Op& op) {
  const auto& x = graph.tensor(op.inputs[0]);
  Signature signature = {x.type, graph.tensor(op.outputs[0]).type, x.type, false, op.inputs.size(), x.shape.size()};
  if (op.inputs.size() >= 2) {
    const auto& weights = graph.tensor(op.inputs[1]);
    signature.weights = weights.type;
    signature.weights_per_channel = weights.quantization.per_channel();
  }
  return signature;
}

int32_t conv_version(const Signature& signature) {
  if (signature.int16_by_int8()) return 8;  // we state the bias type, which version 8 brought
  if (signature.all(DType::kInt8)) return 3;
  if (signature.hybrid()) return signature.weights_per_channel ? 5 : 2;
  return 1;
}

int32_t depthwise_version(const Signature& signature, const graph::DepthwiseConv2DParams& params) {
  if (signature.hybrid()) return signature.weights_per_channel ? 6 : 4;
  if (signature.all(DType::kInt8)) return 3;
  return params.dilation_h != 1 || params.dilation_w != 1 ? 2 : 1;
}

int32_t dense_version(const Signature& signature, const graph::FullyConnectedParams& params) {
  if (signature.hybrid() && signature.weights_per_channel) return 12;
  if (signature.int16_by_int8()) return 11;
  if (signature.input_count == 2) return 6;
  if (params.keep_num_dims) return 5;
  if (signature.all(DType::kInt8)) return 4;
  return signature.hybrid() ? 3 : 1;
}

int32_t by_type(DType type, int32_t for_uint8 = 1) {
  if (type == DType::kInt16) return 3;
  if (type == DType::kInt8) return 2;
  return type == DType::kUInt8 ? for_uint8 : 1;
}

int32_t dequantize_version(const Signature& signature, bool per_channel) {
  if (per_channel) return 5;
  if (signature.x == DType::kFloat16 || signature.x == DType::kInt16) return 3;
  return signature.x == DType::kInt8 ? 2 : 1;
}

int32_t transpose_conv_version(const Graph& graph, const Op& op) {
  const DType x = graph.tensor(op.inputs[2]).type, w = graph.tensor(op.inputs[1]).type;
  if (x == DType::kInt16 && w == DType::kInt8) return 5;  // we state the bias type, which version 5 brought
  if (op.params_as<graph::TransposeConvParams>().activation != graph::Activation::kNone) return 4;
  if (op.inputs.size() == 4 && op.inputs[3] != graph::kNoTensor) return 3;
  return w == DType::kInt8 ? 2 : 1;
}

bool broadcasts_beyond_4d(const Graph& graph, const Op& op) {
  const graph::Shape &a = graph.tensor(op.inputs[0]).shape, &b = graph.tensor(op.inputs[1]).shape;
  return a != b && std::max(a.size(), b.size()) > 4;
}

int32_t add_version(const Signature& signature, const Op& op) {
  if (signature.x == DType::kInt64) return 4;
  if (signature.x == DType::kInt16) return op.params_as<graph::ArithmeticParams>().power_of_two_int16 ? 1 : 3;
  return signature.x == DType::kInt8 ? 2 : 1;
}

int32_t sub_version(const Signature& signature, const Graph& graph, const Op& op) {
  if (signature.x == DType::kInt16 && !op.params_as<graph::ArithmeticParams>().power_of_two_int16) return 5;
  if (signature.x == DType::kInt64) return 4;
  if (broadcasts_beyond_4d(graph, op)) return 3;
  return signature.x == DType::kInt8 ? 2 : 1;
}

int32_t mul_version(const Signature& signature, const Graph& graph, const Op& op) {
  if (signature.x == DType::kInt64) return 6;
  if (signature.x == DType::kInt16) return signature.y == DType::kInt16 && !graph.tensor(op.inputs[0]).quantization.empty() ? 4 : 7;
  if (broadcasts_beyond_4d(graph, op)) return 5;
  if (signature.x != DType::kInt8) return 1;
  const auto scale = [&](graph::TensorId id) { return graph.tensor(id).quantization.scale[0]; };
  return scale(op.inputs[0]) * scale(op.inputs[1]) / scale(op.outputs[0]) >= 1.0f ? 3 : 2;
}

int32_t extremum_version(const Signature& signature, const Graph& graph, const Op& op) {
  if (signature.x == DType::kInt16) return 4;
  if (broadcasts_beyond_4d(graph, op)) return 3;
  return signature.x == DType::kInt8 ? 2 : 1;
}

int32_t transpose_version(const Signature& signature) {
  if (signature.rank > 5) return 6;
  if (signature.x == DType::kInt16) return 5;
  if (signature.rank > 4) return 4;
  if (signature.x == DType::kBool) return 3;
  return signature.x == DType::kInt8 ? 2 : 1;
}

int32_t strided_slice_version(const Signature& signature, const graph::StridedSliceParams& params) {
  if (params.end_is_offset) return 8;
  if (params.ellipsis_mask != 0 || params.new_axis_mask != 0) return 6;
  if (signature.rank > 4) return 4;
  if (signature.x == DType::kBool) return 3;
  return signature.x == DType::kInt8 ? 2 : 1;
}

int32_t slice_version(const Signature& signature) {
  if (signature.rank > 4) return 5;
  if (signature.x == DType::kInt16) return 4;
  return signature.x == DType::kInt8 ? 2 : 1;
}

int32_t split_version(DType type) {
  if (type == DType::kInt16) return 4;
  if (type == DType::kInt32) return 3;
  return type == DType::kInt8 ? 2 : 1;
}

int32_t batch_space_version(const Signature& signature) {
  if (signature.x == DType::kInt16) return 4;
  if (signature.rank != 4) return 3;
  return signature.x == DType::kInt8 ? 2 : 1;
}

int32_t resize_version(const Signature& signature, bool from_version_3) {
  if (signature.x == DType::kInt16) return 4;
  if (from_version_3) return 3;
  return signature.x == DType::kInt8 ? 2 : 1;
}

int32_t cast_version(const Signature& signature) {
  const auto either = [&](DType type) { return signature.x == type || signature.y == type; };
  if (either(DType::kFloat16)) return 5;
  return either(DType::kInt8) ? 3 : 1;
}

int32_t pad_version(const Signature& signature) {
  if (signature.x == DType::kBool) return 5;
  return signature.rank > 4 ? 4 : by_type(signature.x);
}

/// Operators with parameters of windows or weights, or whose version depends on more than a type.
std::optional<int32_t> special_version(const Signature& signature, const Graph& graph, const Op& op) {
  switch (op.kind) {
    case OpKind::kConv2D:
      return conv_version(signature);
    case OpKind::kDepthwiseConv2D:
      return depthwise_version(signature, op.params_as<graph::DepthwiseConv2DParams>());
    case OpKind::kFullyConnected:
      return dense_version(signature, op.params_as<graph::FullyConnectedParams>());
    case OpKind::kTransposeConv:
      return transpose_conv_version(graph, op);
    case OpKind::kAdd:
      return add_version(signature, op);
    case OpKind::kSub:
      return sub_version(signature, graph, op);
    case OpKind::kMul:
      return mul_version(signature, graph, op);
    case OpKind::kMaximum:
    case OpKind::kMinimum:
      return extremum_version(signature, graph, op);
    case OpKind::kTranspose:
      return transpose_version(signature);
    case OpKind::kStridedSlice:
      return strided_slice_version(signature, op.params_as<graph::StridedSliceParams>());
    case OpKind::kSlice:
      return slice_version(signature);
    case OpKind::kSplit:
      return split_version(graph.tensor(op.inputs[1]).type);
    case OpKind::kSpaceToBatchNd:
    case OpKind::kBatchToSpaceNd:
      return batch_space_version(signature);
    case OpKind::kResizeBilinear:
      return resize_version(signature, op.params_as<graph::ResizeParams>().half_pixel_centers);
    case OpKind::kResizeNearestNeighbor: {
      const auto& params = op.params_as<graph::ResizeParams>();
      return resize_version(signature, params.half_pixel_centers || params.align_corners);
    }
    case OpKind::kCast:
      return cast_version(signature);
    case OpKind::kPad:
    case OpKind::kPadV2:
      return pad_version(signature);
    case OpKind::kQuantize:
      if (graph.tensor(op.outputs[0]).quantization.per_channel()) return 3;
      return signature.y == DType::kInt16 ? 2 : 1;
    case OpKind::kDequantize:
      return dequantize_version(signature, graph.tensor(op.inputs[0]).quantization.per_channel());
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string release_text(const Release& release) {
  return format("{}.{}.{}", release.major, release.minor, release.patch);
}

std::optional<int32_t> find_builtin_code(OpKind kind) {
  const Entry* entry = find_entry(kind);
  return entry ? std::optional(entry->builtin_code) : std::nullopt;
}

std::optional<OpKind> find_kind(int32_t builtin_code) {
  const auto* found = std::ranges::find(kEntries, builtin_code, &Entry::builtin_code);
  return found == std::end(kEntries) ? std::nullopt : std::optional(found->kind);
}

int32_t max_version(OpKind kind) {
  const Entry* entry = find_entry(kind);
  LITEQAT_CHECK(entry != nullptr);
  return static_cast<int32_t>(std::ranges::count_if(entry->releases, [](const Release& release) { return release.major > 0; }));
}

Release first_release(OpKind kind, int32_t version) {
  LITEQAT_CHECK(version >= 1 && version <= max_version(kind));
  return find_entry(kind)->releases[static_cast<size_t>(version - 1)];
}

int32_t needed_version(const Graph& graph, const Op& op) {
  const Signature signature = make_signature(graph, op);
  if (const auto version = special_version(signature, graph, op)) return *version;
  switch (op.kind) {
    case OpKind::kRelu:
      return by_type(signature.x, 2);
    case OpKind::kLeakyRelu:
      return signature.x == DType::kInt16 ? 2 : 1;
    case OpKind::kL2Normalization:
    case OpKind::kLogSoftmax:
    case OpKind::kSum:
    case OpKind::kArgMax:
    case OpKind::kDepthToSpace:
      return signature.x == DType::kInt8 ? 2 : 1;
    case OpKind::kRelu6:
    case OpKind::kLogistic:
    case OpKind::kTanh:
    case OpKind::kSoftmax:
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
    case OpKind::kMean:
    case OpKind::kReduceMax:
    case OpKind::kMirrorPad:
    case OpKind::kConcatenation:
    case OpKind::kPack:
      return by_type(signature.x);
    case OpKind::kReluN1To1:
    case OpKind::kPrelu:
    case OpKind::kElu:
    case OpKind::kHardSwish:
    case OpKind::kReshape:
    case OpKind::kSqueeze:
    case OpKind::kExpandDims:
    case OpKind::kShape:
      return 1;
    default:
      break;
  }
  LITEQAT_CHECK(!"an operator that TFLite has");
  return 0;
}

}  // namespace liteqat::formats::tflite
