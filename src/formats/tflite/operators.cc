#include "formats/tflite/operators.h"

#include <algorithm>
#include <array>
#include <vector>

#include "tflite_schema_generated.h"

namespace liteqat::formats::tflite {
namespace {

namespace fbs = ::tflite;
using graph::DType;
using graph::Graph;
using graph::Op;
using graph::OpKind;

struct Entry {
  OpKind kind;
  int32_t builtin_code;
  std::vector<Release> releases;  // of version 1, 2, ...
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> kEntries = {
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
      {OpKind::kRelu, fbs::BuiltinOperator_RELU, {{1, 5, 0}, {2, 1, 0}, {2, 5, 0}}},
      {OpKind::kRelu6, fbs::BuiltinOperator_RELU6, {{1, 5, 0}, {1, 14, 0}, {2, 5, 0}}},
      {OpKind::kSoftmax, fbs::BuiltinOperator_SOFTMAX, {{1, 5, 0}, {1, 14, 0}, {2, 3, 0}}},
      {OpKind::kAdd, fbs::BuiltinOperator_ADD, {{1, 5, 0}, {1, 14, 0}, {2, 4, 0}, {2, 6, 0}, {2, 13, 0}, {2, 23, 0}}},
      {OpKind::kMaxPool2D, fbs::BuiltinOperator_MAX_POOL_2D, {{1, 5, 0}, {1, 14, 0}, {2, 3, 0}}},
      {OpKind::kAveragePool2D, fbs::BuiltinOperator_AVERAGE_POOL_2D, {{1, 5, 0}, {1, 14, 0}, {2, 3, 0}}},
      {OpKind::kMean, fbs::BuiltinOperator_MEAN, {{1, 6, 0}, {1, 14, 0}, {2, 4, 0}}},
      {OpKind::kPad, fbs::BuiltinOperator_PAD, {{1, 5, 0}, {1, 14, 0}, {2, 4, 0}, {2, 6, 0}, {2, 20, 0}}},
      {OpKind::kReshape, fbs::BuiltinOperator_RESHAPE, {{1, 5, 0}}},
      {OpKind::kQuantize, fbs::BuiltinOperator_QUANTIZE, {{1, 14, 0}, {1, 15, 0}, {2, 7, 0}, {2, 21, 0}, {2, 21, 0}}},
      {OpKind::kDequantize,
       fbs::BuiltinOperator_DEQUANTIZE,
       {{1, 13, 1}, {1, 14, 0}, {1, 15, 0}, {2, 2, 0}, {2, 7, 0}, {2, 18, 0}, {2, 21, 0}, {2, 22, 0}}},
  };
  return kEntries;
}

const Entry* find_entry(OpKind kind) {
  const auto found = std::ranges::find(entries(), kind, &Entry::kind);
  return found == entries().end() ? nullptr : &*found;
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

}  // namespace

std::string release_text(const Release& release) {
  return format("{}.{}.{}", release.major, release.minor, release.patch);
}

std::optional<int32_t> find_builtin_code(OpKind kind) {
  const Entry* entry = find_entry(kind);
  return entry ? std::optional(entry->builtin_code) : std::nullopt;
}

std::optional<OpKind> find_kind(int32_t builtin_code) {
  const auto found = std::ranges::find(entries(), builtin_code, &Entry::builtin_code);
  return found == entries().end() ? std::nullopt : std::optional(found->kind);
}

int32_t max_version(OpKind kind) {
  const Entry* entry = find_entry(kind);
  LITEQAT_CHECK(entry != nullptr);
  return static_cast<int32_t>(entry->releases.size());
}

Release first_release(OpKind kind, int32_t version) {
  LITEQAT_CHECK(version >= 1 && version <= max_version(kind));
  return find_entry(kind)->releases[static_cast<size_t>(version - 1)];
}

int32_t needed_version(const Graph& graph, const Op& op) {
  const Signature signature = make_signature(graph, op);
  switch (op.kind) {
    case OpKind::kConv2D:
      return conv_version(signature);
    case OpKind::kDepthwiseConv2D:
      return depthwise_version(signature, op.params_as<graph::DepthwiseConv2DParams>());
    case OpKind::kFullyConnected:
      return dense_version(signature, op.params_as<graph::FullyConnectedParams>());
    case OpKind::kRelu:
      return by_type(signature.x, 2);
    case OpKind::kPad:
      return signature.rank > 4 ? 4 : by_type(signature.x);
    case OpKind::kAdd:
    case OpKind::kRelu6:
    case OpKind::kSoftmax:
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
    case OpKind::kMean:
      return by_type(signature.x);
    case OpKind::kReshape:
      return 1;
    case OpKind::kQuantize:
      if (graph.tensor(op.outputs[0]).quantization.per_channel()) return 3;
      return signature.y == DType::kInt16 ? 2 : 1;
    case OpKind::kDequantize:
      return dequantize_version(signature, graph.tensor(op.inputs[0]).quantization.per_channel());
    case OpKind::kBatchNorm:
      break;
  }
  LITEQAT_CHECK(!"an operator that TFLite has");
  return 0;
}

}  // namespace liteqat::formats::tflite
