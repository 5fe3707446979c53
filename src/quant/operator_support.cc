#include <algorithm>

#include "quant/layer_type.h"

namespace liteqat::quant {

using graph::DType;
using graph::Op;
using graph::OpKind;

namespace {

struct SupportRow {
  OpKind kind;
  OutputRule rule;
  bool int8, int16;
};

/// Integer kernels that LiteRT's reference resolver and our runtime share. Output rules: TFLite's quantization specification and the
/// SameScale and FixedOutputRange traits of tfl_ops.td.
constexpr SupportRow kSupport[] = {
    {OpKind::kConv2D, OutputRule::kOwnRange, true, true},
    {OpKind::kDepthwiseConv2D, OutputRule::kOwnRange, true, true},
    {OpKind::kFullyConnected, OutputRule::kOwnRange, true, true},
    {OpKind::kTransposeConv, OutputRule::kOwnRange, true, true},
    {OpKind::kAdd, OutputRule::kOwnRange, true, true},
    {OpKind::kSub, OutputRule::kOwnRange, true, true},
    {OpKind::kMul, OutputRule::kOwnRange, true, true},
    {OpKind::kMaximum, OutputRule::kSameScale, true, true},
    {OpKind::kMinimum, OutputRule::kSameScale, true, true},
    {OpKind::kRelu, OutputRule::kOwnRange, true, true},
    {OpKind::kRelu6, OutputRule::kOwnRange, true, true},
    {OpKind::kReluN1To1, OutputRule::kOwnRange, true, false},
    {OpKind::kLeakyRelu, OutputRule::kOwnRange, true, true},
    {OpKind::kPrelu, OutputRule::kOwnRange, true, false},
    {OpKind::kHardSwish, OutputRule::kOwnRange, true, false},
    {OpKind::kLogistic, OutputRule::kFixed, true, true},
    {OpKind::kTanh, OutputRule::kFixed, true, true},
    {OpKind::kSoftmax, OutputRule::kFixed, true, true},
    {OpKind::kLogSoftmax, OutputRule::kFixed, true, false},
    {OpKind::kL2Normalization, OutputRule::kFixed, true, false},
    {OpKind::kMaxPool2D, OutputRule::kSameScale, true, true},
    {OpKind::kAveragePool2D, OutputRule::kSameScale, true, true},
    {OpKind::kMean, OutputRule::kOwnRange, true, true},
    {OpKind::kReduceMax, OutputRule::kSameScale, true, true},
    {OpKind::kArgMax, OutputRule::kNoActivation, true, false},
    {OpKind::kPad, OutputRule::kSameScale, true, true},
    {OpKind::kPadV2, OutputRule::kSameScale, true, true},
    {OpKind::kMirrorPad, OutputRule::kSameScale, true, true},
    {OpKind::kReshape, OutputRule::kSameScale, true, true},
    {OpKind::kSqueeze, OutputRule::kSameScale, true, true},
    {OpKind::kExpandDims, OutputRule::kSameScale, true, true},
    {OpKind::kTranspose, OutputRule::kSameScale, true, true},
    {OpKind::kConcatenation, OutputRule::kSameScale, true, true},
    {OpKind::kPack, OutputRule::kSameScale, true, true},
    {OpKind::kSplit, OutputRule::kSameScale, true, true},
    {OpKind::kSlice, OutputRule::kSameScale, true, true},
    {OpKind::kStridedSlice, OutputRule::kSameScale, true, true},
    {OpKind::kShape, OutputRule::kNoActivation, true, true},
    {OpKind::kDepthToSpace, OutputRule::kSameScale, true, false},
    {OpKind::kSpaceToBatchNd, OutputRule::kSameScale, true, true},
    {OpKind::kBatchToSpaceNd, OutputRule::kSameScale, true, true},
    {OpKind::kResizeBilinear, OutputRule::kSameScale, true, true},
    {OpKind::kResizeNearestNeighbor, OutputRule::kSameScale, true, true},
};

std::string why_none(OpKind kind) {
  switch (kind) {
    case OpKind::kSum:
      return "TFLite's int8 kernel of SUM reads the codes as unsigned";
    case OpKind::kElu:
      return "TFLite's reference resolver has no int8 kernel of ELU";
    case OpKind::kCast:
      return "a cast is of the real values";
    default:
      return "there is no integer kernel";
  }
}

bool fuses_beyond_relu(const Op& op) {
  return op.kind == OpKind::kConcatenation && op.params_as<graph::AxisParams>().activation != graph::Activation::kNone;
}

}  // namespace

Result<LayerType> parse_layer_type(const std::string& name) {
  for (LayerType type : {LayerType::kFloat32, LayerType::kInt8, LayerType::kInt16x8}) {
    if (name == layer_type_name(type)) return type;
  }
  return error(Code::kInvalidArgument, "unknown layer type \"{}\": expected float32, int8 or int16x8", name);
}

const char* layer_type_name(LayerType type) {
  if (type == LayerType::kFloat32) return "float32";
  return type == LayerType::kInt8 ? "int8" : "int16x8";
}

DType activation_type(LayerType type) {
  if (type == LayerType::kFloat32) return DType::kFloat32;
  return type == LayerType::kInt8 ? DType::kInt8 : DType::kInt16;
}

OperatorSupport find_support(const Op& op, LayerType type) {
  const auto* row = std::ranges::find(kSupport, op.kind, &SupportRow::kind);
  if (row == std::end(kSupport) || !row->int8) return {OutputRule::kOwnRange, why_none(op.kind)};
  OperatorSupport support = {row->rule, ""};
  if (type == LayerType::kInt16x8 && !row->int16) support.why_float = "there is no kernel with 16-bit activations";
  if (fuses_beyond_relu(op)) support.why_float = "a fused activation of CONCATENATION has no integer kernel";
  return support;
}

graph::Quantization fixed_output(OpKind kind, LayerType type) {
  if (type == LayerType::kInt16x8) return {.scale = {1.0f / 32768}, .zero_point = {0}};
  if (kind == OpKind::kTanh || kind == OpKind::kL2Normalization) return {.scale = {1.0f / 128}, .zero_point = {0}};
  if (kind == OpKind::kLogSoftmax) return {.scale = {16.0f / 256}, .zero_point = {127}};
  return {.scale = {1.0f / 256}, .zero_point = {-128}};
}

bool has_channel_weights(OpKind kind) {
  return kind == OpKind::kConv2D || kind == OpKind::kDepthwiseConv2D || kind == OpKind::kFullyConnected || kind == OpKind::kTransposeConv;
}

size_t bias_position(OpKind kind) {
  return kind == OpKind::kTransposeConv ? 3 : 2;
}

std::vector<size_t> activation_inputs(const Op& op) {
  switch (op.kind) {
    case OpKind::kTransposeConv:
      return {2};
    case OpKind::kSplit:
      return {1};
    case OpKind::kPadV2:
      return {0, 2};
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kMaximum:
    case OpKind::kMinimum:
    case OpKind::kPrelu:
      return {0, 1};
    case OpKind::kConcatenation:
    case OpKind::kPack: {
      std::vector<size_t> all(op.inputs.size());
      for (size_t position = 0; position < all.size(); ++position) all[position] = position;
      return all;
    }
    default:
      return {0};
  }
}

}  // namespace liteqat::quant
