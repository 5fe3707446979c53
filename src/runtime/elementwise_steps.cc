#include <algorithm>
#include <cmath>

#include "kernels/activation/activation.h"
#include "kernels/add/add.h"
#include "kernels/add/codes.h"
#include "kernels/quantize/quantize.h"
#include "numeric/rescale.h"
#include "runtime/step.h"

namespace liteqat::runtime {
namespace {

namespace add = kernels::add;
namespace clamps = kernels::activation;
namespace quantize = kernels::quantize;
using graph::DType;

/// How an operand of this shape steps along the output's padded extents.
kernels::Strides broadcast_strides(const graph::Shape& shape, const kernels::Extents& extents) {
  kernels::Strides strides{};
  int64_t elems = 1;
  for (size_t back = 1; back <= shape.size(); ++back) {
    const int32_t extent = shape[shape.size() - back];
    const size_t axis = kernels::kMaxRank - back;
    strides[axis] = extent == 1 && extents[axis] != 1 ? 0 : elems;
    elems *= extent;
  }
  return strides;
}

Result<add::Broadcast> make_broadcast(const OpContext& context) {
  const graph::Shape& shape = context.output().shape;
  if (shape.size() > kernels::kMaxRank) {
    return context.fail(Code::kUnsupported, "its output {} has {} axes, at most {} are supported", graph::shape_text(shape), shape.size(),
                        kernels::kMaxRank);
  }
  add::Broadcast broadcast;
  broadcast.extents.fill(1);
  for (size_t back = 1; back <= shape.size(); ++back) broadcast.extents[kernels::kMaxRank - back] = shape[shape.size() - back];
  broadcast.a = broadcast_strides(context.input(0).shape, broadcast.extents);
  broadcast.b = broadcast_strides(context.input(1).shape, broadcast.extents);
  return broadcast;
}

quantize::Affine affine_of(const graph::Tensor& tensor) {
  return {.scale = tensor_scale(tensor), .zero_point = tensor_zero_point(tensor)};
}

/// input scale / output scale as a multiplier that shifts by no more than an accumulator holds.
Result<numeric::Multiplier> make_multiplier(const OpContext& context, double rescale) {
  if (std::isfinite(rescale)) {
    const numeric::Multiplier multiplier = numeric::quantize_multiplier(rescale);
    if (multiplier.shift <= numeric::kMaxShift) return multiplier;
  }
  return context.fail(Code::kOutOfRange, "input scale {} / output scale {} is at least 2^30", tensor_scale(context.input(0)),
                      tensor_scale(context.output()));
}

Result<Step> make_requantize_step(const OpContext& context) {
  const graph::Tensor &x = context.input(0), &y = context.output();
  LITEQAT_ASSIGN_OR_RETURN(const numeric::Multiplier multiplier,
                           make_multiplier(context, numeric::requantize_rescale(tensor_scale(x), tensor_scale(y))));
  const quantize::Requantize params = {
      .multiplier = multiplier, .input_zero_point = tensor_zero_point(x), .output_zero_point = tensor_zero_point(y)};
  const int64_t count = context.output_elems();
  if (x.type == DType::kUInt8) {
    return Step{.kernel = "requantize_u8_i8_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                  quantize::requantize_uint8_to_int8(count, params, buffers.input<uint8_t>(), buffers.output<int8_t>());
                }};
  }
  if (y.type == DType::kUInt8) {
    return Step{.kernel = "requantize_i8_u8_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                  quantize::requantize_int8_to_uint8(count, params, buffers.input<int8_t>(), buffers.output<uint8_t>());
                }};
  }
  return Step{.kernel = "requantize_i8_i8_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                quantize::requantize_int8_to_int8(count, params, buffers.input<int8_t>(), buffers.output<int8_t>());
              }};
}

/// Operands of one shape: neighbouring codes, divided among workers in pieces of kCodes.
Step make_add_codes_step(const OpContext& context, const add::Int8Params& whole) {
  constexpr int64_t kCodes = 4096;
  const add::CodesParams params = {.rescale = whole.rescale,
                                   .a_zero_point = whole.a_zero_point,
                                   .b_zero_point = whole.b_zero_point,
                                   .output_zero_point = whole.output_zero_point,
                                   .clamp = whole.clamp};
  const add::CodesKernel& kernel = add::find_codes_kernel(context.options.isa);
  const int64_t count = context.output_elems();
  return Step{.kernel = kernel.name,
              .units = std::max<int64_t>((count + kCodes - 1) / kCodes, 1),
              .run = [params, count, run = kernel.run](const StepBuffers& buffers, kernels::Range units) {
                const int64_t begin = units.begin * kCodes, end = std::min(units.end * kCodes, count);
                run(params, end - begin, buffers.input<int8_t>() + begin, buffers.input<int8_t>(1) + begin,
                    buffers.output<int8_t>() + begin);
              }};
}

}  // namespace

Result<Step> make_add_step(const OpContext& context) {
  LITEQAT_ASSIGN_OR_RETURN(const add::Broadcast broadcast, make_broadcast(context));
  const auto activation = context.op.params_as<graph::ArithmeticParams>().activation;
  const graph::Tensor &a = context.input(0), &b = context.input(1), &y = context.output();
  if (y.type == DType::kFloat32) {
    return Step{.kernel = "add_f32_reference",
                .run = [=, clamp = numeric::float_clamp(activation)](const StepBuffers& buffers, kernels::Range) {
                  add::add_float32(broadcast, clamp, buffers.input<float>(), buffers.input<float>(1), buffers.output<float>());
                }};
  }
  if (!std::isfinite(2.0f * std::max(tensor_scale(a), tensor_scale(b)))) {
    return context.fail(Code::kOutOfRange, "input scales {} and {}: twice the larger one must be finite", tensor_scale(a), tensor_scale(b));
  }
  const add::Int8Params params = {.broadcast = broadcast,
                                  .rescale = numeric::add_rescale(tensor_scale(a), tensor_scale(b), tensor_scale(y)),
                                  .a_zero_point = tensor_zero_point(a),
                                  .b_zero_point = tensor_zero_point(b),
                                  .output_zero_point = tensor_zero_point(y),
                                  .clamp = numeric::quantized_clamp(activation, tensor_scale(y), tensor_zero_point(y), -128, 127)};
  if (params.rescale.output.shift > 0) {
    return context.fail(Code::kOutOfRange, "output scale {} is more than 2^19 times finer than the input scales {} and {}", tensor_scale(y),
                        tensor_scale(a), tensor_scale(b));
  }
  if (a.shape == y.shape && b.shape == y.shape) return make_add_codes_step(context, params);
  return Step{.kernel = "add_i8_i32_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                add::add_int8(params, buffers.input<int8_t>(), buffers.input<int8_t>(1), buffers.output<int8_t>());
              }};
}

Result<Step> make_activation_step(const OpContext& context) {
  const auto activation = context.op.kind == graph::OpKind::kRelu ? graph::Activation::kRelu : graph::Activation::kRelu6;
  const int64_t count = context.output_elems();
  if (context.output().type == DType::kFloat32) {
    return Step{.kernel = "clamp_f32_reference",
                .run = [=, clamp = numeric::float_clamp(activation)](const StepBuffers& buffers, kernels::Range) {
                  clamps::clamp_float32(count, clamp, buffers.input<float>(), buffers.output<float>());
                }};
  }
  const graph::Tensor &x = context.input(0), &y = context.output();
  LITEQAT_ASSIGN_OR_RETURN(const numeric::Multiplier multiplier,
                           make_multiplier(context, numeric::activation_rescale(tensor_scale(x), tensor_scale(y))));
  const clamps::Int8Params params = {.multiplier = multiplier,
                                     .input_zero_point = tensor_zero_point(x),
                                     .output_zero_point = tensor_zero_point(y),
                                     .clamp = numeric::quantized_clamp(activation, tensor_scale(y), tensor_zero_point(y), -128, 127)};
  return Step{.kernel = "rescale_clamp_i8_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                clamps::rescale_clamp_int8(count, params, buffers.input<int8_t>(), buffers.output<int8_t>());
              }};
}

Result<Step> make_quantize_step(const OpContext& context) {
  if (context.input(0).type != DType::kFloat32) return make_requantize_step(context);
  const int64_t count = context.output_elems();
  const quantize::Affine affine = affine_of(context.output());
  if (context.output().type == DType::kUInt8) {
    return Step{.kernel = "quantize_f32_u8_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                  quantize::quantize_to_uint8(count, affine, buffers.input<float>(), buffers.output<uint8_t>());
                }};
  }
  return Step{.kernel = "quantize_f32_i8_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                quantize::quantize_to_int8(count, affine, buffers.input<float>(), buffers.output<int8_t>());
              }};
}

Result<Step> make_dequantize_step(const OpContext& context) {
  const int64_t count = context.output_elems();
  if (context.input(0).type == DType::kFloat16) {
    return Step{.kernel = "dequantize_f16_f32_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                  quantize::dequantize_float16(count, buffers.input<uint16_t>(), buffers.output<float>());
                }};
  }
  const quantize::Affine affine = affine_of(context.input(0));
  if (context.input(0).type == DType::kUInt8) {
    return Step{.kernel = "dequantize_u8_f32_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                  quantize::dequantize_uint8(count, affine, buffers.input<uint8_t>(), buffers.output<float>());
                }};
  }
  return Step{.kernel = "dequantize_i8_f32_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                quantize::dequantize_int8(count, affine, buffers.input<int8_t>(), buffers.output<float>());
              }};
}

}  // namespace liteqat::runtime
