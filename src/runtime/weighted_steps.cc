#include <type_traits>
#include <vector>

#include "kernels/conv2d/conv2d.h"
#include "kernels/depthwise_conv2d/depthwise_conv2d.h"
#include "kernels/fully_connected/fully_connected.h"
#include "numeric/rescale.h"
#include "runtime/arithmetic.h"
#include "runtime/step.h"
#include "runtime/step_shapes.h"
#include "runtime/weighted_integer_steps.h"

namespace liteqat::runtime {
namespace {

namespace conv2d = kernels::conv2d;
namespace depthwise = kernels::depthwise_conv2d;
namespace dense = kernels::fully_connected;
using graph::DType;

/// Packs the weights and binds the parameters. Owned holds what params points to beyond the graph (multipliers).
template <typename Params, typename Elem, typename Owned>
Result<Step> bind_kernel(const OpContext& context, const kernels::Kernel<Params, Elem>& kernel, Params params, Owned owned) {
  Step step;
  step.kernel = kernel.name;
  step.scratch_bytes = kernel.scratch_bytes(params);
  const int64_t packed_bytes = kernel.packed_bytes(params);
  step.packed = AlignedBytes(packed_bytes);
  if (packed_bytes > 0 && step.packed.data() == nullptr) {
    return context.fail(Code::kOutOfRange, "packing its weights needs {} bytes, more than this machine gives", packed_bytes);
  }
  if (packed_bytes > 0) kernel.pack(params, step.packed.data());
  params.packed = step.packed.data();
  step.units = kernel.units(params);
  step.run = [run = kernel.run, params, owned = std::move(owned)](const StepBuffers& buffers, kernels::Range units) {
    Params bound = params;
    bound.scratch = buffers.scratch;
    run(bound, units, buffers.input<Elem>(), buffers.output<Elem>());
  };
  return step;
}

template <typename OpParams>
kernels::Window convolution_window(const OpContext& context, const OpParams& params) {
  const graph::Shape& w = context.input(1).shape;
  return make_window(context, {.padding = params.padding,
                               .filter_h = w[1],
                               .filter_w = w[2],
                               .stride_h = params.stride_h,
                               .stride_w = params.stride_w,
                               .dilation_h = params.dilation_h,
                               .dilation_w = params.dilation_w});
}

/// One rescale factor per output channel.
std::vector<double> channel_rescales(const OpContext& context, int32_t channels, double (*rescale)(float, float, float)) {
  const std::vector<float>& scales = context.input(1).quantization.scale;
  std::vector<double> rescales;
  for (size_t channel = 0; channel < static_cast<size_t>(channels); ++channel) {
    const float weight_scale = scales.size() > 1 ? scales[channel] : scales[0];
    rescales.push_back(rescale(tensor_scale(context.input(0)), weight_scale, tensor_scale(context.output())));
  }
  return rescales;
}

Result<std::vector<numeric::Multiplier>> channel_multipliers(const OpContext& context, int32_t channels) {
  std::vector<numeric::Multiplier> multipliers;
  for (double rescale : channel_rescales(context, channels, numeric::convolution_rescale)) {
    const numeric::Multiplier multiplier = numeric::quantize_multiplier(rescale);
    if (multiplier.shift > numeric::kMaxShift) {
      return context.fail(Code::kOutOfRange, "input scale {} * weight scale / output scale {} is {} at channel {}, at least 2^30",
                          tensor_scale(context.input(0)), tensor_scale(context.output()), rescale, multipliers.size());
    }
    multipliers.push_back(multiplier);
  }
  return multipliers;
}

numeric::IntClamp int8_clamp(const OpContext& context, graph::Activation activation) {
  return numeric::quantized_clamp(activation, tensor_scale(context.output()), tensor_zero_point(context.output()), -128, 127);
}

/// Whether there are packed kernels, made for models with constant symmetric weights, for its types and groups.
bool has_own_kernels(const OpContext& context, const WeightedShape& shape) {
  const graph::Tensor &x = context.input(0), &w = context.input(1);
  const bool constant = context.constant<std::byte>(1) != nullptr && (!context.has_input(2) || context.constant<std::byte>(2) != nullptr);
  if (!constant || x.type != w.type || shape.channels.groups != 1) return false;
  if (x.type == DType::kFloat32) return true;
  return x.type == DType::kInt8 && tensor_zero_point(w) == 0;
}

numeric::Requantization int8_requantization(const OpContext& context, bool dense) {
  return weighted_arithmetic(context.options.profile, {.dense = dense, .activations = DType::kInt8}).requantization;
}

/// int8 as XNNPACK computes it; a dense layer is a convolution there too.
template <typename Int8Params, typename FindInt8>
Result<Step> make_half_even_step(const OpContext& context, const WeightedShape& shape, FindInt8 find_int8) {
  if (!xnnpack_takes(context, shape)) return make_weighted_integer_step(context, shape);
  const float input_scale = tensor_scale(context.input(0)), output_scale = tensor_scale(context.output());
  const std::vector<float>& scales = context.input(1).quantization.scale;
  std::vector<float> factors;
  for (size_t channel = 0; channel < static_cast<size_t>(shape.window.out_c); ++channel) {
    factors.push_back(numeric::float_rescale(input_scale, scales.size() > 1 ? scales[channel] : scales[0], output_scale));
  }
  const int32_t zero_point = tensor_zero_point(context.output());
  const Int8Params params = {.window = shape.window,
                             .weights = context.constant<int8_t>(1),
                             .bias = context.constant<int32_t>(2),
                             .factors = factors.data(),
                             .input_zero_point = tensor_zero_point(context.input(0)),
                             .output_zero_point = zero_point,
                             .clamp = numeric::half_even_clamp(shape.activation, output_scale, zero_point, -128, 127)};
  return bind_kernel(context, find_int8(params, context.options.isa), params, std::move(factors));
}

Result<Step> make_general_step(const OpContext& context, const WeightedShape& shape) {
  return context.output().type == DType::kFloat32 ? make_weighted_float_step(context, shape) : make_weighted_integer_step(context, shape);
}

/// CONV_2D and DEPTHWISE_CONV_2D differ in nothing but the family of kernels.
template <typename Float32Params, typename Int8Params, typename OpParams, typename FindFloat32, typename FindInt8>
Result<Step> make_convolution_step(const OpContext& context, const OpParams& op_params, FindFloat32 find_float32, FindInt8 find_int8) {
  const kernels::Window window = convolution_window(context, op_params);
  const bool depthwise = context.op.kind == graph::OpKind::kDepthwiseConv2D;
  const WeightedShape shape = {.window = window,
                               .channels = {.depthwise = depthwise, .groups = depthwise ? 1 : window.in_c / context.input(1).shape[3]},
                               .activation = op_params.activation};
  if (!has_own_kernels(context, shape)) return make_general_step(context, shape);
  if (context.output().type == DType::kFloat32) {
    const Float32Params params = {.window = window,
                                  .weights = context.constant<float>(1),
                                  .bias = context.constant<float>(2),
                                  .clamp = numeric::float_clamp(op_params.activation),
                                  .sum = float_sum(context.options.profile)};
    return bind_kernel(context, find_float32(params, context.options.isa), params, std::monostate());
  }
  if (int8_requantization(context, false) == numeric::Requantization::kFloatHalfEven) {
    return make_half_even_step<Int8Params>(context, shape, find_int8);
  }
  LITEQAT_ASSIGN_OR_RETURN(std::vector<numeric::Multiplier> multipliers, channel_multipliers(context, window.out_c));
  const Int8Params params = {.window = window,
                             .weights = context.constant<int8_t>(1),
                             .bias = context.constant<int32_t>(2),
                             .multipliers = multipliers.data(),
                             .input_zero_point = tensor_zero_point(context.input(0)),
                             .output_zero_point = tensor_zero_point(context.output()),
                             .clamp = int8_clamp(context, op_params.activation)};
  return bind_kernel(context, find_int8(params, context.options.isa), params, std::move(multipliers));
}

}  // namespace

Result<Step> make_conv2d_step(const OpContext& context) {
  return make_convolution_step<conv2d::Float32Params, conv2d::Int8Params>(context, context.op.params_as<graph::Conv2DParams>(),
                                                                          conv2d::find_float32_kernel, conv2d::find_int8_kernel);
}

Result<Step> make_depthwise_conv2d_step(const OpContext& context) {
  return make_convolution_step<depthwise::Float32Params, depthwise::Int8Params>(
      context, context.op.params_as<graph::DepthwiseConv2DParams>(), depthwise::find_float32_kernel, depthwise::find_int8_kernel);
}

Result<Step> make_fully_connected_step(const OpContext& context) {
  const graph::Shape& w = context.input(1).shape;
  const dense::Rows shape = {.rows = static_cast<int32_t>(context.output_elems() / w[0]), .in = w[1], .out = w[0]};
  const auto activation = context.op.params_as<graph::FullyConnectedParams>().activation;
  const WeightedShape pixels = {
      .window = {.batch = shape.rows, .in_c = shape.in, .out_c = shape.out}, .activation = activation, .dense = true};
  if (!has_own_kernels(context, pixels)) return make_general_step(context, pixels);
  if (context.output().type == DType::kFloat32) {
    const dense::Float32Params params = {.shape = shape,
                                         .weights = context.constant<float>(1),
                                         .bias = context.constant<float>(2),
                                         .clamp = numeric::float_clamp(activation),
                                         .sum = float_sum(context.options.profile)};
    return bind_kernel(context, dense::find_float32_kernel(params, context.options.isa), params, std::monostate());
  }
  switch (int8_requantization(context, true)) {
    case numeric::Requantization::kFloatHalfEven:
      return make_half_even_step<conv2d::Int8Params>(context, pixels, conv2d::find_int8_kernel);
    case numeric::Requantization::kDoubleHalfAway:
      break;
    default:
      return make_general_step(context, pixels);
  }
  std::vector<double> rescales = channel_rescales(context, shape.out, numeric::fully_connected_rescale);
  const dense::Int8Params params = {.shape = shape,
                                    .weights = context.constant<int8_t>(1),
                                    .bias = context.constant<int32_t>(2),
                                    .rescale = rescales.data(),
                                    .input_zero_point = tensor_zero_point(context.input(0)),
                                    .output_zero_point = tensor_zero_point(context.output()),
                                    .clamp = int8_clamp(context, activation)};
  const auto& kernel = dense::find_int8_kernel(params, dense::Requantization::kDoubleHalfAway, context.options.isa);
  return bind_kernel(context, kernel, params, std::move(rescales));
}

Result<Step> make_transpose_conv_step(const OpContext& context) {
  const auto& params = context.op.params_as<graph::TransposeConvParams>();
  const graph::Shape &w = context.input(1).shape, &x = context.input(2).shape, &y = context.output().shape;
  const auto pad_before = [&](size_t axis, int32_t stride) {
    const int32_t other_way = numeric::window_output_extent(params.padding, y[axis], w[axis], stride, 1);
    return numeric::window_pad_before(params.padding, y[axis], w[axis], stride, 1, other_way);
  };
  const kernels::Window window = {.batch = x[0],
                                  .in_h = x[1],
                                  .in_w = x[2],
                                  .in_c = x[3],
                                  .out_h = y[1],
                                  .out_w = y[2],
                                  .out_c = y[3],
                                  .filter_h = w[1],
                                  .filter_w = w[2],
                                  .stride_h = params.stride_h,
                                  .stride_w = params.stride_w,
                                  .pad_top = pad_before(1, params.stride_h),
                                  .pad_left = pad_before(2, params.stride_w)};
  return make_general_step(context, {.window = window, .activation = params.activation, .transposed = true, .input = 2, .bias = 3});
}

}  // namespace liteqat::runtime
