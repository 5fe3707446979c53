#include "formats/tflite/options.h"

namespace liteqat::formats::tflite {
namespace {

namespace fbs = ::tflite;
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

// The bias type that int16 operators state; the schema's default otherwise.
fbs::TensorType stated_bias_type(const graph::Graph& graph, const graph::Op& op) {
  if (graph.tensor(op.inputs[0]).type != DType::kInt16 || op.inputs.size() < 3 || op.inputs[2] == graph::kNoTensor) {
    return fbs::TensorType_FLOAT32;
  }
  return graph.tensor(op.inputs[2]).type == DType::kInt64 ? fbs::TensorType_INT64 : fbs::TensorType_INT32;
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
  graph::FullyConnectedParams params = {.keep_num_dims = table->keep_num_dims()};
  LITEQAT_ASSIGN_OR_RETURN(params.activation, from_file(table->fused_activation_function()));
  return OpParams(params);
}

Result<OpParams> read_add(const fbs::Operator& op) {
  LITEQAT_ASSIGN_OR_RETURN(const auto* table, optional_table<fbs::AddOptions>(op));
  if (!table) return OpParams(graph::AddParams{});
  LITEQAT_ASSIGN_OR_RETURN(const Activation activation, from_file(table->fused_activation_function()));
  return OpParams(graph::AddParams{activation});
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

template <typename Table>
WrittenOptions written(flatbuffers::Offset<Table> table) {
  return {fbs::BuiltinOptionsTraits<Table>::enum_value, table.Union()};
}

}  // namespace

WrittenOptions write_options(flatbuffers::FlatBufferBuilder& builder, const graph::Graph& graph, const graph::Op& op) {
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
                                                      params.keep_num_dims, false, stated_bias_type(graph, op)));
    }
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D: {
      const auto& params = op.params_as<graph::Pool2DParams>();
      return written(fbs::CreatePool2DOptions(builder, to_file(params.padding), params.stride_w, params.stride_h, params.filter_w,
                                              params.filter_h, to_file(params.activation)));
    }
    case OpKind::kSoftmax:
      return written(fbs::CreateSoftmaxOptions(builder, op.params_as<graph::SoftmaxParams>().beta));
    case OpKind::kAdd: {
      const bool power_of_two = graph.tensor(op.outputs[0]).type != DType::kInt16;  // the schema's default; int16 scales are arbitrary
      return written(fbs::CreateAddOptions(builder, to_file(op.params_as<graph::AddParams>().activation), power_of_two));
    }
    case OpKind::kMean:
      return written(fbs::CreateReducerOptions(builder, op.params_as<graph::MeanParams>().keep_dims));
    case OpKind::kReshape: {
      const auto new_shape = graph.tensor(op.inputs[1]).as<int32_t>();
      return written(fbs::CreateReshapeOptions(builder, builder.CreateVector(new_shape.data(), new_shape.size())));
    }
    case OpKind::kPad:
      return written(fbs::CreatePadOptions(builder));
    case OpKind::kQuantize:
      return written(fbs::CreateQuantizeOptions(builder));
    case OpKind::kDequantize:
      return written(fbs::CreateDequantizeOptions(builder));
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kBatchNorm:
      return {};
  }
  return {};
}

Result<OpParams> read_options(const fbs::Operator& op, OpKind kind) {
  switch (kind) {
    case OpKind::kConv2D:
      return read_conv(op);
    case OpKind::kDepthwiseConv2D:
      return read_depthwise(op);
    case OpKind::kFullyConnected:
      return read_dense(op);
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
      return read_pool(op);
    case OpKind::kAdd:
      return read_add(op);
    case OpKind::kSoftmax: {
      LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::SoftmaxOptions>(op));
      return OpParams(graph::SoftmaxParams{table->beta()});
    }
    case OpKind::kMean: {
      LITEQAT_ASSIGN_OR_RETURN(const auto* table, require_table<fbs::ReducerOptions>(op));
      return OpParams(graph::MeanParams{table->keep_dims()});
    }
    case OpKind::kReshape:
      return read_nothing<fbs::ReshapeOptions>(op);
    case OpKind::kPad:
      return read_nothing<fbs::PadOptions>(op);
    case OpKind::kQuantize:
      return read_nothing<fbs::QuantizeOptions>(op);
    case OpKind::kDequantize:
      return read_nothing<fbs::DequantizeOptions>(op);
    case OpKind::kRelu:
    case OpKind::kRelu6:
      return read_no_table(op);
    case OpKind::kBatchNorm:
      break;
  }
  return error(Code::kUnsupported, "the operator has no counterpart");
}

}  // namespace liteqat::formats::tflite
