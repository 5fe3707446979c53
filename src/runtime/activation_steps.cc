// Steps of the functions of one value: RELU and its bounded kin, LEAKY_RELU, ELU, HARD_SWISH, LOGISTIC, TANH. 8-bit ones become tables.
#include <cmath>

#include "kernels/activation/activation.h"
#include "kernels/lookup/lookup.h"
#include "numeric/hard_swish.h"
#include "numeric/rescale.h"
#include "runtime/elementwise_steps.h"
#include "runtime/table_step.h"

namespace liteqat::runtime {
namespace {

namespace activation = kernels::activation;
using graph::DType;
using graph::OpKind;
using kernels::Range;

graph::Activation clamp_of(OpKind kind) {
  return kind == OpKind::kRelu    ? graph::Activation::kRelu
         : kind == OpKind::kRelu6 ? graph::Activation::kRelu6
                                  : graph::Activation::kReluN1To1;
}

Step make_map_step(const OpContext& context, const char* kernel, float (*function)(float)) {
  return make_elementwise_step(context, kernel, [=](const StepBuffers& buffers, Range elems) {
    activation::map_float32(elems, function, buffers.input<float>(), buffers.output<float>());
  });
}

using Int16Function = void (*)(Range, const numeric::SigmoidStep&, const int16_t*, int16_t*);

Step make_interpolated_step(const OpContext& context, const char* kernel, Int16Function function, const numeric::SigmoidStep& step) {
  return make_elementwise_step(context, kernel, [=](const StepBuffers& buffers, Range elems) {
    function(elems, step, buffers.input<int16_t>(), buffers.output<int16_t>());
  });
}

/// LOGISTIC, TANH and ELU of 8-bit codes.
Step make_transform_step(const OpContext& context, const char* name, float (*function)(float)) {
  const numeric::Affine x = affine_of(context.input(0)), y = affine_of(context.output());
  const numeric::IntClamp codes = code_range(context.output().type);
  return make_table_step(context, name, [=](int32_t code) { return numeric::transform_code(code, x, y, function, codes.low, codes.high); });
}

Status require_output(const OpContext& context, float scale, int32_t zero_point, const char* scale_text) {
  const graph::Tensor& y = context.output();
  if (tensor_scale(y) == scale && tensor_zero_point(y) == zero_point) return {};
  return context.fail(Code::kMismatch, "its {} output must have scale {} and zero point {}, found {} and {}", graph::dtype_name(y.type),
                      scale_text, zero_point, tensor_scale(y), tensor_zero_point(y));
}

/// TFLite's test of the fixed output scale of int16: a power of two within a thousandth in the exponent.
Status require_int16_output(const OpContext& context) {
  const auto exponent = numeric::find_power_of_two(tensor_scale(context.output()));
  if (exponent && *exponent == -15) return {};
  return context.fail(Code::kMismatch, "its int16 output must have scale 1/32768, found {}", tensor_scale(context.output()));
}

/// One over it would be infinite.
Status require_invertible_scale(const OpContext& context) {
  if (std::isfinite(1.0f / tensor_scale(context.output()))) return {};
  return context.fail(Code::kOutOfRange, "output scale {} is too small to divide by", tensor_scale(context.output()));
}

/// Input scales whose sigmoid step does not fit 32 bits.
Status require_int16_input(const OpContext& context) {
  constexpr float kLimit = 131072.0f;
  if (tensor_scale(context.input(0)) < kLimit) return {};
  return context.fail(Code::kOutOfRange, "int16 input scale {} must be below {}", tensor_scale(context.input(0)), kLimit);
}

}  // namespace

Result<Step> make_clamp_step(const OpContext& context) {
  const graph::Activation kind = clamp_of(context.op.kind);
  if (context.output().type == DType::kFloat32) {
    return make_elementwise_step(context, "clamp_f32_reference",
                                 [clamp = numeric::float_clamp(kind)](const StepBuffers& buffers, Range elems) {
                                   activation::clamp_float32(elems, clamp, buffers.input<float>(), buffers.output<float>());
                                 });
  }
  const graph::Tensor &x = context.input(0), &y = context.output();
  const double factor = numeric::activation_rescale(tensor_scale(x), tensor_scale(y));
  LITEQAT_ASSIGN_OR_RETURN(const numeric::Multiplier multiplier, make_multiplier(context, factor, "input scale / output scale"));
  const activation::ClampParams params = {.multiplier = multiplier,
                                          .input_zero_point = tensor_zero_point(x),
                                          .output_zero_point = tensor_zero_point(y),
                                          .clamp = output_clamp(context, kind)};
  if (y.type == DType::kInt16) {
    return make_elementwise_step(context, "rescale_clamp_i16_reference", [=](const StepBuffers& buffers, Range elems) {
      activation::rescale_clamp_int16(elems, params, buffers.input<int16_t>(), buffers.output<int16_t>());
    });
  }
  return make_table_step(context, "rescale_clamp", [=](int32_t code) { return activation::rescale_and_clamp(code, params); });
}

Result<Step> make_leaky_relu_step(const OpContext& context) {
  const float alpha = context.op.params_as<graph::LeakyReluParams>().alpha;
  if (!std::isfinite(alpha)) return context.fail(Code::kOutOfRange, "alpha must be finite, found {}", alpha);
  if (context.output().type == DType::kFloat32) {
    return make_elementwise_step(context, "leaky_relu_f32_reference", [=](const StepBuffers& buffers, Range elems) {
      activation::leaky_relu_float32(elems, alpha, buffers.input<float>(), buffers.output<float>());
    });
  }
  const graph::Tensor &x = context.input(0), &y = context.output();
  const double positive_factor = numeric::activation_rescale(tensor_scale(x), tensor_scale(y));
  const double negative_factor = numeric::leaky_rescale(tensor_scale(x), std::abs(alpha), tensor_scale(y));
  LITEQAT_ASSIGN_OR_RETURN(const numeric::Multiplier positive, make_multiplier(context, positive_factor, "input scale / output scale"));
  LITEQAT_ASSIGN_OR_RETURN(const numeric::Multiplier negative,
                           make_multiplier(context, negative_factor, "input scale * alpha / output scale"));
  const activation::LeakyParams params = {.positive = positive,
                                          .negative = negative,
                                          .negated = alpha < 0,
                                          .input_zero_point = tensor_zero_point(x),
                                          .output_zero_point = tensor_zero_point(y),
                                          .codes = code_range(y.type)};
  if (y.type == DType::kInt16) {
    return make_elementwise_step(context, "leaky_relu_i16_reference", [=](const StepBuffers& buffers, Range elems) {
      activation::leaky_relu_int16(elems, params, buffers.input<int16_t>(), buffers.output<int16_t>());
    });
  }
  return make_table_step(context, "leaky_relu", [=](int32_t code) { return activation::leaky_relu_code(code, params); });
}

Result<Step> make_elu_step(const OpContext& context) {
  if (context.output().type == DType::kFloat32) return make_map_step(context, "elu_f32_reference", activation::elu);
  LITEQAT_RETURN_IF_ERROR(require_invertible_scale(context));
  return make_transform_step(context, "elu", activation::elu);
}

Result<Step> make_hard_swish_step(const OpContext& context) {
  if (context.output().type == DType::kFloat32) return make_map_step(context, "hard_swish_f32_reference", activation::hard_swish);
  const numeric::Affine x = affine_of(context.input(0)), y = affine_of(context.output());
  const float fine_factor = x.scale / 128.0f / y.scale;
  if (!(fine_factor < 1.0f) || !std::isfinite(x.scale * 128.0f)) {
    return context.fail(Code::kOutOfRange, "input scale {} must be below 128 times the output scale {}", x.scale, y.scale);
  }
  const numeric::HardSwish params = numeric::make_hard_swish(x, y);
  if (params.to_output.shift > 0 || params.to_reluish.shift > 31) {
    return context.fail(Code::kOutOfRange, "input scale {} must be below 128 times the output scale {} and below 2^24", x.scale, y.scale);
  }
  const numeric::IntClamp codes = code_range(context.output().type);
  return make_table_step(context, "hard_swish",
                         [=](int32_t code) { return numeric::hard_swish_code(code, params, codes.low, codes.high); });
}

Result<Step> make_logistic_step(const OpContext& context) {
  switch (context.output().type) {
    case DType::kFloat32:
      return make_map_step(context, "logistic_f32_reference", activation::logistic);
    case DType::kInt16:
      LITEQAT_RETURN_IF_ERROR(require_output(context, 1.0f / 32768.0f, 0, "1/32768"));
      LITEQAT_RETURN_IF_ERROR(require_int16_input(context));
      return make_interpolated_step(context, "logistic_i16_reference", activation::logistic_int16,
                                    numeric::logistic_step(tensor_scale(context.input(0))));
    default:
      // Any zero point, as TFLite's kernel takes it; models have the smallest code.
      LITEQAT_RETURN_IF_ERROR(require_output(context, 1.0f / 256.0f, tensor_zero_point(context.output()), "1/256"));
      return make_transform_step(context, "logistic", [](float x) { return 1.0f / (1.0f + std::exp(-x)); });
  }
}

Result<Step> make_tanh_step(const OpContext& context) {
  switch (context.output().type) {
    case DType::kFloat32:
      return make_map_step(context, "tanh_f32_reference", activation::hyperbolic_tangent);
    case DType::kInt16:
      LITEQAT_RETURN_IF_ERROR(require_int16_output(context));
      LITEQAT_RETURN_IF_ERROR(require_int16_input(context));
      return make_interpolated_step(context, "tanh_i16_reference", activation::tanh_int16,
                                    numeric::tanh_step(tensor_scale(context.input(0))));
    default:
      LITEQAT_RETURN_IF_ERROR(require_invertible_scale(context));
      return make_transform_step(context, "tanh", activation::hyperbolic_tangent);
  }
}

}  // namespace liteqat::runtime
