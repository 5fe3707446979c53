#include "formats/tflite/options.h"

namespace liteqat::formats::tflite {
namespace {

namespace fbs = ::tflite;
using graph::Activation;
using graph::DType;
using graph::OpKind;
using graph::OpParams;
using graph::Padding;

Result<Padding> from_file(fbs::Padding padding) {
  if (padding == fbs::Padding_SAME) return Padding::kSame;
  if (padding == fbs::Padding_VALID) return Padding::kValid;
  return error(Code::kCorruptFile, "padding {} is neither SAME (0) nor VALID (1)", static_cast<int>(padding));
}

Result<Activation> from_file(fbs::ActivationFunctionType activation) {
  switch (activation) {
    case fbs::ActivationFunctionType_NONE:
      return Activation::kNone;
    case fbs::ActivationFunctionType_RELU:
      return Activation::kRelu;
    case fbs::ActivationFunctionType_RELU6:
      return Activation::kRelu6;
    case fbs::ActivationFunctionType_RELU_N1_TO_1:
      return Activation::kReluN1To1;
    case fbs::ActivationFunctionType_TANH:
    case fbs::ActivationFunctionType_SIGN_BIT:
      return error(Code::kUnsupported, "fused activation {} is not implemented", fbs::EnumNameActivationFunctionType(activation));
  }
  return error(Code::kCorruptFile, "fused activation {} does not exist", static_cast<int>(activation));
}

template <typename Table>
Result<const Table*> require_table(const fbs::Operator& op) {
  constexpr fbs::BuiltinOptions kType = fbs::BuiltinOptionsTraits<Table>::enum_value;
  if (op.builtin_options_type() != kType || op.builtin_options() == nullptr) {
    const char* found = fbs::EnumNameBuiltinOptions(op.builtin_options_type());
    return error(Code::kCorruptFile, "its options are of type {} '{}', expected {}", static_cast<int>(op.builtin_options_type()), found,
                 fbs::EnumNameBuiltinOptions(kType));
  }
  return static_cast<const Table*>(op.builtin_options());
}

// For operators whose options are empty or may be absent.
template <typename Table>
Result<const Table*> optional_table(const fbs::Operator& op) {
  if (op.builtin_options_type() == fbs::BuiltinOptions_NONE) return static_cast<const Table*>(nullptr);
  return require_table<Table>(op);
}

Result<OpParams> read_conv(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::Conv2DOptions>(op));
  graph::Conv2DParams params = {.stride_h = table->stride_h(),
                                .stride_w = table->stride_w(),
                                .dilation_h = table->dilation_h_factor(),
                                .dilation_w = table->dilation_w_factor()};
  LITEQAT_ASSIGN_OR_RETURN(params.padding, from_file(table->padding()));
  LITEQAT_ASSIGN_OR_RETURN(params.activation, from_file(table->fused_activation_function()));
  return OpParams(params);
}

Result<OpParams> read_depthwise(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::DepthwiseConv2DOptions>(op));
  graph::DepthwiseConv2DParams params = {.stride_h = table->stride_h(),
                                         .stride_w = table->stride_w(),
                                         .dilation_h = table->dilation_h_factor(),
                                         .dilation_w = table->dilation_w_factor(),
                                         .depth_multiplier = table->depth_multiplier()};
  LITEQAT_ASSIGN_OR_RETURN(params.padding, from_file(table->padding()));
  LITEQAT_ASSIGN_OR_RETURN(params.activation, from_file(table->fused_activation_function()));
  return OpParams(params);
}

Result<OpParams> read_pool(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::Pool2DOptions>(op));
  graph::Pool2DParams params = {
      .stride_h = table->stride_h(), .stride_w = table->stride_w(), .filter_h = table->filter_height(), .filter_w = table->filter_width()};
  LITEQAT_ASSIGN_OR_RETURN(params.padding, from_file(table->padding()));
  LITEQAT_ASSIGN_OR_RETURN(params.activation, from_file(table->fused_activation_function()));
  return OpParams(params);
}

Result<OpParams> read_dense(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::FullyConnectedOptions>(op));
  if (table->weights_format() != fbs::FullyConnectedOptionsWeightsFormat_DEFAULT) {
    return error(Code::kUnsupported, "weights format {} is not implemented, only DEFAULT (0)", static_cast<int>(table->weights_format()));
  }
  graph::FullyConnectedParams params = {.keep_num_dims = table->keep_num_dims(), .asymmetric_inputs = table->asymmetric_quantize_inputs()};
  LITEQAT_ASSIGN_OR_RETURN(params.activation, from_file(table->fused_activation_function()));
  return OpParams(params);
}

// ADD, SUB, MUL and L2_NORMALIZATION.
template <typename Table>
Result<OpParams> read_arithmetic(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, optional_table<Table>(op));
  graph::ArithmeticParams params;
  if (!table) return OpParams(params);
  LITEQAT_ASSIGN_OR_RETURN(params.activation, from_file(table->fused_activation_function()));
  if constexpr (requires { table->pot_scale_int16(); }) params.power_of_two_int16 = table->pot_scale_int16();
  return OpParams(params);
}

Result<OpParams> read_transpose_conv(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::TransposeConvOptions>(op));
  graph::TransposeConvParams params = {.stride_h = table->stride_h(), .stride_w = table->stride_w()};
  LITEQAT_ASSIGN_OR_RETURN(params.padding, from_file(table->padding()));
  LITEQAT_ASSIGN_OR_RETURN(params.activation, from_file(table->fused_activation_function()));
  return OpParams(params);
}

Result<OpParams> read_reduction(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::ReducerOptions>(op));
  return OpParams(graph::ReductionParams{table->keep_dims()});
}

Result<OpParams> read_concatenation(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::ConcatenationOptions>(op));
  graph::AxisParams params = {.axis = table->axis()};
  LITEQAT_ASSIGN_OR_RETURN(params.activation, from_file(table->fused_activation_function()));
  return OpParams(params);
}

Result<OpParams> read_pack(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::PackOptions>(op));
  if (table->values_count() != static_cast<int64_t>(op.inputs()->size())) {
    return error(Code::kCorruptFile, "its options say {} values, it has {} inputs", table->values_count(), op.inputs()->size());
  }
  return OpParams(graph::AxisParams{.axis = table->axis()});
}

Result<OpParams> read_split(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::SplitOptions>(op));
  return OpParams(graph::SplitParams{table->num_splits()});
}

Result<OpParams> read_strided_slice(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::StridedSliceOptions>(op));
  return OpParams(graph::StridedSliceParams{.begin_mask = table->begin_mask(),
                                            .end_mask = table->end_mask(),
                                            .ellipsis_mask = table->ellipsis_mask(),
                                            .new_axis_mask = table->new_axis_mask(),
                                            .shrink_axis_mask = table->shrink_axis_mask(),
                                            .end_is_offset = table->offset()});
}

Result<OpParams> read_squeeze(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, optional_table<fbs::SqueezeOptions>(op));
  graph::SqueezeParams params;
  if (table && table->squeeze_dims()) params.axes.assign(table->squeeze_dims()->begin(), table->squeeze_dims()->end());
  return OpParams(std::move(params));
}

template <typename Table>
Result<OpParams> read_resize(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, optional_table<Table>(op));
  if (!table) return OpParams(graph::ResizeParams{});
  return OpParams(graph::ResizeParams{table->align_corners(), table->half_pixel_centers()});
}

Result<OpParams> read_mirror_pad(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::MirrorPadOptions>(op));
  if (table->mode() == fbs::MirrorPadMode_REFLECT) return OpParams(graph::MirrorPadParams{.symmetric = false});
  if (table->mode() == fbs::MirrorPadMode_SYMMETRIC) return OpParams(graph::MirrorPadParams{.symmetric = true});
  return error(Code::kCorruptFile, "padding mode {} is neither REFLECT (0) nor SYMMETRIC (1)", static_cast<int>(table->mode()));
}

// Operators whose table, if there is one, holds nothing that we need.
template <typename Table>
Result<OpParams> read_nothing(const fbs::Operator& op) {
  LITEQAT_RETURN_IF_ERROR(optional_table<Table>(op).status());
  return OpParams();
}

Result<OpParams> read_no_table(const fbs::Operator& op) {
  if (op.builtin_options_type() == fbs::BuiltinOptions_NONE) return OpParams();
  return error(Code::kCorruptFile, "its options are of type {}, expected none", static_cast<int>(op.builtin_options_type()));
}

Result<OpParams> read_parametrized(const fbs::Operator& op, OpKind kind) {
  switch (kind) {
    case OpKind::kConv2D:
      return read_conv(op);
    case OpKind::kDepthwiseConv2D:
      return read_depthwise(op);
    case OpKind::kFullyConnected:
      return read_dense(op);
    case OpKind::kTransposeConv:
      return read_transpose_conv(op);
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
      return read_pool(op);
    case OpKind::kAdd:
      return read_arithmetic<fbs::AddOptions>(op);
    case OpKind::kSub:
      return read_arithmetic<fbs::SubOptions>(op);
    case OpKind::kMul:
      return read_arithmetic<fbs::MulOptions>(op);
    case OpKind::kL2Normalization:
      return read_arithmetic<fbs::L2NormOptions>(op);
    case OpKind::kSoftmax: {
      LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::SoftmaxOptions>(op));
      return OpParams(graph::SoftmaxParams{table->beta()});
    }
    case OpKind::kLeakyRelu: {
      LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::LeakyReluOptions>(op));
      return OpParams(graph::LeakyReluParams{table->alpha()});
    }
    case OpKind::kMean:
    case OpKind::kSum:
    case OpKind::kReduceMax:
      return read_reduction(op);
    case OpKind::kMirrorPad:
      return read_mirror_pad(op);
    case OpKind::kSqueeze:
      return read_squeeze(op);
    case OpKind::kConcatenation:
      return read_concatenation(op);
    case OpKind::kPack:
      return read_pack(op);
    case OpKind::kSplit:
      return read_split(op);
    case OpKind::kStridedSlice:
      return read_strided_slice(op);
    case OpKind::kDepthToSpace: {
      LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::DepthToSpaceOptions>(op));
      return OpParams(graph::BlockParams{table->block_size()});
    }
    case OpKind::kResizeBilinear:
      return read_resize<fbs::ResizeBilinearOptions>(op);
    case OpKind::kResizeNearestNeighbor:
      return read_resize<fbs::ResizeNearestNeighborOptions>(op);
    default:
      return error(Code::kUnsupported, "the operator has no counterpart");
  }
}

}  // namespace

Result<OpParams> read_options(const fbs::Operator& op, OpKind kind) {
  switch (kind) {
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kReluN1To1:
    case OpKind::kPrelu:
    case OpKind::kElu:
    case OpKind::kLogistic:
    case OpKind::kTanh:
      return read_no_table(op);
    case OpKind::kMaximum:
    case OpKind::kMinimum:
      return read_nothing<fbs::MaximumMinimumOptions>(op);
    case OpKind::kHardSwish:
      return read_nothing<fbs::HardSwishOptions>(op);
    case OpKind::kLogSoftmax:
      return read_nothing<fbs::LogSoftmaxOptions>(op);
    case OpKind::kArgMax:
      return read_nothing<fbs::ArgMaxOptions>(op);
    case OpKind::kReshape:
      return read_nothing<fbs::ReshapeOptions>(op);
    case OpKind::kExpandDims:
      return read_nothing<fbs::ExpandDimsOptions>(op);
    case OpKind::kTranspose:
      return read_nothing<fbs::TransposeOptions>(op);
    case OpKind::kSlice:
      return read_nothing<fbs::SliceOptions>(op);
    case OpKind::kShape:
      return read_nothing<fbs::ShapeOptions>(op);
    case OpKind::kPad:
      return read_nothing<fbs::PadOptions>(op);
    case OpKind::kPadV2:
      return read_nothing<fbs::PadV2Options>(op);
    case OpKind::kSpaceToBatchNd:
      return read_nothing<fbs::SpaceToBatchNDOptions>(op);
    case OpKind::kBatchToSpaceNd:
      return read_nothing<fbs::BatchToSpaceNDOptions>(op);
    case OpKind::kCast:
      return read_nothing<fbs::CastOptions>(op);
    case OpKind::kQuantize:
      return read_nothing<fbs::QuantizeOptions>(op);
    case OpKind::kDequantize:
      return read_nothing<fbs::DequantizeOptions>(op);
    default:
      return read_parametrized(op, kind);
  }
}

}  // namespace liteqat::formats::tflite
