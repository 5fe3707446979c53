#include "graph/op_rules.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace liteqat::graph {
namespace {

template <typename Params, size_t... kIndex>
constexpr size_t find_alternative(std::index_sequence<kIndex...>) {
  return ((std::is_same_v<std::variant_alternative_t<kIndex, OpParams>, Params> ? kIndex : 0) + ...);
}
template <typename Params>
constexpr size_t kParams = find_alternative<Params>(std::make_index_sequence<std::variant_size_v<OpParams>>());
constexpr size_t kNone = 0;  // std::monostate

constexpr OpRule kRules[] = {
    {OpKind::kConv2D, "CONV_2D", 2, 3, kParams<Conv2DParams>},
    {OpKind::kDepthwiseConv2D, "DEPTHWISE_CONV_2D", 2, 3, kParams<DepthwiseConv2DParams>},
    {OpKind::kFullyConnected, "FULLY_CONNECTED", 2, 3, kParams<FullyConnectedParams>},
    {OpKind::kTransposeConv, "TRANSPOSE_CONV", 3, 4, kParams<TransposeConvParams>, 0b1},
    {OpKind::kBatchNorm, "BATCH_NORM", 5, 5, kParams<BatchNormParams>},
    {OpKind::kAdd, "ADD", 2, 2, kParams<ArithmeticParams>},
    {OpKind::kSub, "SUB", 2, 2, kParams<ArithmeticParams>},
    {OpKind::kMul, "MUL", 2, 2, kParams<ArithmeticParams>},
    {OpKind::kMaximum, "MAXIMUM", 2, 2, kNone},
    {OpKind::kMinimum, "MINIMUM", 2, 2, kNone},
    {OpKind::kRelu, "RELU", 1, 1, kNone},
    {OpKind::kRelu6, "RELU6", 1, 1, kNone},
    {OpKind::kReluN1To1, "RELU_N1_TO_1", 1, 1, kNone},
    {OpKind::kLeakyRelu, "LEAKY_RELU", 1, 1, kParams<LeakyReluParams>},
    {OpKind::kPrelu, "PRELU", 2, 2, kNone},
    {OpKind::kElu, "ELU", 1, 1, kNone},
    {OpKind::kHardSwish, "HARD_SWISH", 1, 1, kNone},
    {OpKind::kLogistic, "LOGISTIC", 1, 1, kNone},
    {OpKind::kTanh, "TANH", 1, 1, kNone},
    {OpKind::kSoftmax, "SOFTMAX", 1, 1, kParams<SoftmaxParams>},
    {OpKind::kLogSoftmax, "LOG_SOFTMAX", 1, 1, kNone},
    {OpKind::kL2Normalization, "L2_NORMALIZATION", 1, 1, kParams<ArithmeticParams>},
    {OpKind::kMaxPool2D, "MAX_POOL_2D", 1, 1, kParams<Pool2DParams>},
    {OpKind::kAveragePool2D, "AVERAGE_POOL_2D", 1, 1, kParams<Pool2DParams>},
    {OpKind::kMean, "MEAN", 2, 2, kParams<ReductionParams>, 0b10},
    {OpKind::kSum, "SUM", 2, 2, kParams<ReductionParams>, 0b10},
    {OpKind::kReduceMax, "REDUCE_MAX", 2, 2, kParams<ReductionParams>, 0b10},
    {OpKind::kArgMax, "ARG_MAX", 2, 2, kNone, 0b10},
    {OpKind::kPad, "PAD", 2, 2, kNone, 0b10},
    {OpKind::kPadV2, "PADV2", 3, 3, kNone, 0b10},
    {OpKind::kMirrorPad, "MIRROR_PAD", 2, 2, kParams<MirrorPadParams>, 0b10},
    {OpKind::kReshape, "RESHAPE", 2, 2, kNone, 0b10},
    {OpKind::kSqueeze, "SQUEEZE", 1, 1, kParams<SqueezeParams>},
    {OpKind::kExpandDims, "EXPAND_DIMS", 2, 2, kNone, 0b10},
    {OpKind::kTranspose, "TRANSPOSE", 2, 2, kNone, 0b10},
    {OpKind::kConcatenation, "CONCATENATION", 1, kManyTensors, kParams<AxisParams>},
    {OpKind::kPack, "PACK", 1, kManyTensors, kParams<AxisParams>},
    {OpKind::kSplit, "SPLIT", 2, 2, kParams<SplitParams>, 0b1, 1, kManyTensors},
    {OpKind::kSlice, "SLICE", 3, 3, kNone, 0b110},
    {OpKind::kStridedSlice, "STRIDED_SLICE", 4, 4, kParams<StridedSliceParams>, 0b1110},
    {OpKind::kShape, "SHAPE", 1, 1, kNone},
    {OpKind::kDepthToSpace, "DEPTH_TO_SPACE", 1, 1, kParams<BlockParams>},
    {OpKind::kSpaceToBatchNd, "SPACE_TO_BATCH_ND", 3, 3, kNone, 0b110},
    {OpKind::kBatchToSpaceNd, "BATCH_TO_SPACE_ND", 3, 3, kNone, 0b110},
    {OpKind::kResizeBilinear, "RESIZE_BILINEAR", 2, 2, kParams<ResizeParams>, 0b10},
    {OpKind::kResizeNearestNeighbor, "RESIZE_NEAREST_NEIGHBOR", 2, 2, kParams<ResizeParams>, 0b10},
    {OpKind::kCast, "CAST", 1, 1, kNone},
    {OpKind::kQuantize, "QUANTIZE", 1, 1, kNone},
    {OpKind::kDequantize, "DEQUANTIZE", 1, 1, kNone},
};

}  // namespace

std::span<const OpRule> op_rules() {
  return kRules;
}

const OpRule* find_op_rule(OpKind kind) {
  const auto* found = std::ranges::find(kRules, kind, &OpRule::kind);
  return found == std::end(kRules) ? nullptr : found;
}

const char* op_kind_name(OpKind kind) {
  const OpRule* rule = find_op_rule(kind);
  return rule == nullptr ? "unknown operator" : rule->name;
}

std::optional<OpKind> find_op_kind(const std::string& name) {
  const auto* found = std::ranges::find(kRules, name, &OpRule::name);
  return found == std::end(kRules) ? std::nullopt : std::optional(found->kind);
}

}  // namespace liteqat::graph
