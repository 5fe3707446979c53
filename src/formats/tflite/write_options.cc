#include "formats/tflite/options.h"

namespace liteqat::formats::tflite {
namespace {

namespace fbs = ::tflite;
using formats::tflite::to_file;
using graph::Activation;
using graph::DType;
using graph::OpKind;
using graph::OpParams;
using graph::Padding;

fbs::Padding to_file(Padding padding) {
  return padding == Padding::kSame ? fbs::Padding_SAME : fbs::Padding_VALID;
}

fbs::ActivationFunctionType to_file(Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return fbs::ActivationFunctionType_NONE;
    case Activation::kRelu:
      return fbs::ActivationFunctionType_RELU;
    case Activation::kRelu6:
      return fbs::ActivationFunctionType_RELU6;
    case Activation::kReluN1To1:
      return fbs::ActivationFunctionType_RELU_N1_TO_1;
  }
  return fbs::ActivationFunctionType_NONE;
}

// The bias type that int16 operators state; the schema's default otherwise.
fbs::TensorType stated_bias_type(const graph::Graph& graph, const graph::Op& op, size_t data_input = 0) {
  const size_t bias = data_input == 0 ? 2 : 3;
  if (graph.tensor(op.inputs[data_input]).type != DType::kInt16 || op.inputs.size() < bias + 1 || op.inputs[bias] == graph::kNoTensor) {
    return fbs::TensorType_FLOAT32;
  }
  return graph.tensor(op.inputs[bias]).type == DType::kInt64 ? fbs::TensorType_INT64 : fbs::TensorType_INT32;
}

template <typename Table>
WrittenOptions written(flatbuffers::Offset<Table> table) {
  return {fbs::BuiltinOptionsTraits<Table>::enum_value, table.Union()};
}

// Convolutions, dense and pooling.
WrittenOptions write_weighted(flatbuffers::FlatBufferBuilder& builder, const graph::Graph& graph, const graph::Op& op) {
  switch (op.kind) {
    case OpKind::kConv2D: {
      const auto& params = op.params_as<graph::Conv2DParams>();
      return written(fbs::CreateConv2DOptions(builder, to_file(params.padding), params.stride_w, params.stride_h,
                                              to_file(params.activation), params.dilation_w, params.dilation_h,
                                              stated_bias_type(graph, op)));
    }
    case OpKind::kDepthwiseConv2D: {
      const auto& params = op.params_as<graph::DepthwiseConv2DParams>();
      return written(fbs::CreateDepthwiseConv2DOptions(builder, to_file(params.padding), params.stride_w, params.stride_h,
                                                       params.depth_multiplier, to_file(params.activation), params.dilation_w,
                                                       params.dilation_h));
    }
    case OpKind::kFullyConnected: {
      const auto& params = op.params_as<graph::FullyConnectedParams>();
      return written(fbs::CreateFullyConnectedOptions(builder, to_file(params.activation), fbs::FullyConnectedOptionsWeightsFormat_DEFAULT,
                                                      params.keep_num_dims, params.asymmetric_inputs, stated_bias_type(graph, op)));
    }
    case OpKind::kTransposeConv: {
      const auto& params = op.params_as<graph::TransposeConvParams>();
      return written(fbs::CreateTransposeConvOptions(builder, to_file(params.padding), params.stride_w, params.stride_h,
                                                     to_file(params.activation), stated_bias_type(graph, op, 2)));
    }
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D: {
      const auto& params = op.params_as<graph::Pool2DParams>();
      return written(fbs::CreatePool2DOptions(builder, to_file(params.padding), params.stride_w, params.stride_h, params.filter_w,
                                              params.filter_h, to_file(params.activation)));
    }
    default:
      return {};
  }
}

// Elementwise operators, rows and reductions.
WrittenOptions write_arithmetic(flatbuffers::FlatBufferBuilder& builder, const graph::Graph& graph, const graph::Op& op) {
  switch (op.kind) {
    case OpKind::kAdd: {
      const auto& params = op.params_as<graph::ArithmeticParams>();
      return written(fbs::CreateAddOptions(builder, to_file(params.activation), params.power_of_two_int16));
    }
    case OpKind::kSub: {
      const auto& params = op.params_as<graph::ArithmeticParams>();
      return written(fbs::CreateSubOptions(builder, to_file(params.activation), params.power_of_two_int16));
    }
    case OpKind::kMul:
      return written(fbs::CreateMulOptions(builder, to_file(op.params_as<graph::ArithmeticParams>().activation)));
    case OpKind::kL2Normalization:
      return written(fbs::CreateL2NormOptions(builder, to_file(op.params_as<graph::ArithmeticParams>().activation)));
    case OpKind::kMaximum:
    case OpKind::kMinimum:
      return written(fbs::CreateMaximumMinimumOptions(builder));
    case OpKind::kLeakyRelu:
      return written(fbs::CreateLeakyReluOptions(builder, op.params_as<graph::LeakyReluParams>().alpha));
    case OpKind::kHardSwish:
      return written(fbs::CreateHardSwishOptions(builder));
    case OpKind::kSoftmax:
      return written(fbs::CreateSoftmaxOptions(builder, op.params_as<graph::SoftmaxParams>().beta));
    case OpKind::kLogSoftmax:
      return written(fbs::CreateLogSoftmaxOptions(builder));
    case OpKind::kMean:
    case OpKind::kSum:
    case OpKind::kReduceMax:
      return written(fbs::CreateReducerOptions(builder, op.params_as<graph::ReductionParams>().keep_dims));
    case OpKind::kArgMax:
      return written(fbs::CreateArgMaxOptions(builder, to_file(graph.tensor(op.outputs[0]).type)));
    case OpKind::kCast:
      return written(fbs::CreateCastOptions(builder, to_file(graph.tensor(op.inputs[0]).type), to_file(graph.tensor(op.outputs[0]).type)));
    case OpKind::kQuantize:
      return written(fbs::CreateQuantizeOptions(builder));
    case OpKind::kDequantize:
      return written(fbs::CreateDequantizeOptions(builder));
    default:
      return {};
  }
}

// Operators that move elements.
WrittenOptions write_layout(flatbuffers::FlatBufferBuilder& builder, const graph::Graph& graph, const graph::Op& op) {
  switch (op.kind) {
    case OpKind::kPad:
      return written(fbs::CreatePadOptions(builder));
    case OpKind::kPadV2:
      return written(fbs::CreatePadV2Options(builder));
    case OpKind::kMirrorPad:
      return written(fbs::CreateMirrorPadOptions(
          builder, op.params_as<graph::MirrorPadParams>().symmetric ? fbs::MirrorPadMode_SYMMETRIC : fbs::MirrorPadMode_REFLECT));
    case OpKind::kReshape: {
      const auto new_shape = graph.tensor(op.inputs[1]).as<int32_t>();
      return written(fbs::CreateReshapeOptions(builder, builder.CreateVector(new_shape.data(), new_shape.size())));
    }
    case OpKind::kSqueeze:
      return written(fbs::CreateSqueezeOptions(builder, builder.CreateVector(op.params_as<graph::SqueezeParams>().axes)));
    case OpKind::kExpandDims:
      return written(fbs::CreateExpandDimsOptions(builder));
    case OpKind::kTranspose:
      return written(fbs::CreateTransposeOptions(builder));
    case OpKind::kConcatenation: {
      const auto& params = op.params_as<graph::AxisParams>();
      return written(fbs::CreateConcatenationOptions(builder, params.axis, to_file(params.activation)));
    }
    case OpKind::kPack:
      return written(fbs::CreatePackOptions(builder, static_cast<int32_t>(op.inputs.size()), op.params_as<graph::AxisParams>().axis));
    case OpKind::kSplit:
      return written(fbs::CreateSplitOptions(builder, op.params_as<graph::SplitParams>().parts));
    case OpKind::kSlice:
      return written(fbs::CreateSliceOptions(builder));
    case OpKind::kStridedSlice: {
      const auto& params = op.params_as<graph::StridedSliceParams>();
      return written(fbs::CreateStridedSliceOptions(builder, params.begin_mask, params.end_mask, params.ellipsis_mask, params.new_axis_mask,
                                                    params.shrink_axis_mask, params.end_is_offset));
    }
    case OpKind::kShape:
      return written(fbs::CreateShapeOptions(builder, to_file(graph.tensor(op.outputs[0]).type)));
    case OpKind::kDepthToSpace:
      return written(fbs::CreateDepthToSpaceOptions(builder, op.params_as<graph::BlockParams>().block));
    case OpKind::kSpaceToBatchNd:
      return written(fbs::CreateSpaceToBatchNDOptions(builder));
    case OpKind::kBatchToSpaceNd:
      return written(fbs::CreateBatchToSpaceNDOptions(builder));
    case OpKind::kResizeBilinear: {
      const auto& params = op.params_as<graph::ResizeParams>();
      return written(fbs::CreateResizeBilinearOptions(builder, params.align_corners, params.half_pixel_centers));
    }
    case OpKind::kResizeNearestNeighbor: {
      const auto& params = op.params_as<graph::ResizeParams>();
      return written(fbs::CreateResizeNearestNeighborOptions(builder, params.align_corners, params.half_pixel_centers));
    }
    default:
      return {};
  }
}

}  // namespace

fbs::TensorType to_file(DType type) {
  switch (type) {
    case DType::kInt64:
      return fbs::TensorType_INT64;
    case DType::kInt32:
      return fbs::TensorType_INT32;
    case DType::kInt16:
      return fbs::TensorType_INT16;
    case DType::kInt8:
      return fbs::TensorType_INT8;
    case DType::kUInt8:
      return fbs::TensorType_UINT8;
    case DType::kBool:
      return fbs::TensorType_BOOL;
    case DType::kFloat16:
      return fbs::TensorType_FLOAT16;
    case DType::kFloat32:
      break;
  }
  return fbs::TensorType_FLOAT32;
}

WrittenOptions write_options(flatbuffers::FlatBufferBuilder& builder, const graph::Graph& graph, const graph::Op& op) {
  WrittenOptions options = write_weighted(builder, graph, op);
  if (options.type == fbs::BuiltinOptions_NONE) options = write_arithmetic(builder, graph, op);
  if (options.type == fbs::BuiltinOptions_NONE) options = write_layout(builder, graph, op);
  return options;
}

}  // namespace liteqat::formats::tflite
