// Keras keeps kernels as (H, W, in, out), depthwise ones as (H, W, C, M): the latter's elements lie as in TFLite's [1, H, W, C*M].
#include "formats/keras/layer_call.h"
#include "formats/keras/weight_layout.h"

namespace liteqat::formats::keras {
namespace {

using graph::Role;

/// What Conv2D, DepthwiseConv2D and SeparableConv2D have in common.
struct Window {
  Pair kernel, strides, dilation;
  graph::Padding padding = graph::Padding::kValid;
};

Result<Window> read_window(const LayerCall& call) {
  LITEQAT_RETURN_IF_ERROR(call.options.check_channels_last());
  LITEQAT_RETURN_IF_ERROR(call.require_rank(4));
  Window window;
  LITEQAT_ASSIGN_OR_RETURN(window.kernel, call.options.pair("kernel_size"));
  LITEQAT_ASSIGN_OR_RETURN(window.strides, call.options.pair("strides", Pair{}));
  LITEQAT_ASSIGN_OR_RETURN(window.dilation, call.options.pair("dilation_rate", Pair{}));
  LITEQAT_ASSIGN_OR_RETURN(window.padding, call.options.padding());
  return window;
}

Result<TensorId> add_kernel(const LayerCall& call, const std::string& name, Pair size, int32_t in, int32_t out) {
  LITEQAT_ASSIGN_OR_RETURN(const archive::Array* kernel, call.weight(name, {size.height, size.width, in, out}));
  return call.emit.floats(call.name + "/" + name, {out, size.height, size.width, in}, outputs_first(kernel->values, out), Role::kParameter);
}

/// Appends the bias to the inputs if the layer has one.
Status add_bias(const LayerCall& call, int32_t channels, std::vector<TensorId>& inputs) {
  if (!call.has_weight("bias")) return {};
  LITEQAT_ASSIGN_OR_RETURN(const archive::Array* bias, call.weight("bias", {channels}));
  inputs.push_back(call.emit.floats(call.name + "/bias", {channels}, bias->values, Role::kParameter));
  return {};
}

/// The weights (H, W, C, M) and how many channels they make.
struct Depthwise {
  TensorId kernel = graph::kNoTensor;
  int32_t multiplier = 1, channels = 0;
};

Result<Depthwise> add_depthwise_kernel(const LayerCall& call, const std::string& name, Pair size) {
  Depthwise depthwise;
  LITEQAT_ASSIGN_OR_RETURN(depthwise.multiplier, call.options.count("depth_multiplier", 1));
  const int32_t in = call.shape()[3];
  LITEQAT_ASSIGN_OR_RETURN(const archive::Array* kernel, call.weight(name, {size.height, size.width, in, depthwise.multiplier}));
  depthwise.channels = in * depthwise.multiplier;  // as many elements are stored: no overflow
  depthwise.kernel =
      call.emit.floats(call.name + "/" + name, {1, size.height, size.width, depthwise.channels}, kernel->values, Role::kParameter);
  return depthwise;
}

graph::DepthwiseConv2DParams depthwise_params(const Window& window, int32_t multiplier) {
  return {.padding = window.padding,
          .stride_h = window.strides.height,
          .stride_w = window.strides.width,
          .dilation_h = window.dilation.height,
          .dilation_w = window.dilation.width,
          .depth_multiplier = multiplier};
}

}  // namespace

Result<TensorId> import_conv2d(const LayerCall& call) {
  LITEQAT_ASSIGN_OR_RETURN(const Window window, read_window(call));
  LITEQAT_ASSIGN_OR_RETURN(const int32_t filters, call.options.count("filters"));
  LITEQAT_ASSIGN_OR_RETURN(const int32_t groups, call.options.count("groups", 1));
  const int32_t channels = call.shape()[3];
  if (channels % groups != 0) return error(Code::kMismatch, "its {} input channels do not divide into {} groups", channels, groups);
  LITEQAT_ASSIGN_OR_RETURN(const TensorId kernel, add_kernel(call, "kernel", window.kernel, channels / groups, filters));
  std::vector<TensorId> inputs = {call.x(), kernel};
  LITEQAT_RETURN_IF_ERROR(add_bias(call, filters, inputs));
  LITEQAT_ASSIGN_OR_RETURN(const TensorId output, call.emit.op(OpKind::kConv2D, call.name, std::move(inputs),
                                                               graph::Conv2DParams{.padding = window.padding,
                                                                                   .stride_h = window.strides.height,
                                                                                   .stride_w = window.strides.width,
                                                                                   .dilation_h = window.dilation.height,
                                                                                   .dilation_w = window.dilation.width}));
  return call.activation(output);
}

Result<TensorId> import_depthwise(const LayerCall& call) {
  LITEQAT_ASSIGN_OR_RETURN(const Window window, read_window(call));
  LITEQAT_ASSIGN_OR_RETURN(const Depthwise depthwise, add_depthwise_kernel(call, "kernel", window.kernel));
  std::vector<TensorId> inputs = {call.x(), depthwise.kernel};
  LITEQAT_RETURN_IF_ERROR(add_bias(call, depthwise.channels, inputs));
  LITEQAT_ASSIGN_OR_RETURN(const TensorId output, call.emit.op(OpKind::kDepthwiseConv2D, call.name, std::move(inputs),
                                                               depthwise_params(window, depthwise.multiplier)));
  return call.activation(output);
}

Result<TensorId> import_separable(const LayerCall& call) {
  LITEQAT_ASSIGN_OR_RETURN(const Window window, read_window(call));
  LITEQAT_ASSIGN_OR_RETURN(const int32_t filters, call.options.count("filters"));
  LITEQAT_ASSIGN_OR_RETURN(const Depthwise depthwise, add_depthwise_kernel(call, "depthwise_kernel", window.kernel));
  LITEQAT_ASSIGN_OR_RETURN(const TensorId spatial,
                           call.emit.op(OpKind::kDepthwiseConv2D, call.name + "/depthwise", {call.x(), depthwise.kernel},
                                        depthwise_params(window, depthwise.multiplier)));
  LITEQAT_ASSIGN_OR_RETURN(const TensorId pointwise, add_kernel(call, "pointwise_kernel", {1, 1}, depthwise.channels, filters));
  std::vector<TensorId> inputs = {spatial, pointwise};
  LITEQAT_RETURN_IF_ERROR(add_bias(call, filters, inputs));
  LITEQAT_ASSIGN_OR_RETURN(const TensorId output, call.emit.op(OpKind::kConv2D, call.name, std::move(inputs),
                                                               graph::Conv2DParams{.padding = graph::Padding::kValid}));
  return call.activation(output);
}

}  // namespace liteqat::formats::keras
