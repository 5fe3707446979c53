// Steps of the operators along the last axis: SOFTMAX, LOG_SOFTMAX, L2_NORMALIZATION.
#include <cmath>

#include "kernels/rows/rows.h"
#include "kernels/softmax/softmax.h"
#include "runtime/elementwise_steps.h"

namespace liteqat::runtime {
namespace {

namespace softmax = kernels::softmax;
namespace rows = kernels::rows;
using graph::DType;
using kernels::Range;

softmax::Rows rows_of(const OpContext& context) {
  const int32_t columns = context.input(0).shape.back();
  return {.rows = context.output_elems() / columns, .columns = columns};
}

/// body(buffers, range of rows)
template <typename Body>
Step make_row_step(const OpContext& context, const char* kernel, Body body) {
  return Step{.kernel = kernel, .units = rows_of(context).rows, .run = std::move(body)};
}

Result<Step> make_softmax_int16_step(const OpContext& context, float beta) {
  constexpr float kOutputScale = 1.0f / 32768.0f;  // within 0.1 %, as TFLite's kernel demands
  if (std::abs(tensor_scale(context.output()) - kOutputScale) > 0.001f * kOutputScale) {
    return context.fail(Code::kMismatch, "an int16 output must have scale 1/32768, found {}", tensor_scale(context.output()));
  }
  const float input_scale = tensor_scale(context.input(0));
  constexpr float kLimit = 65536.0f;  // beyond it the multiplier shifts by more than 30
  if (!(beta * input_scale < kLimit)) {
    return context.fail(Code::kOutOfRange, "beta {} * input scale {} must be below {}", beta, input_scale, kLimit);
  }
  return make_row_step(context, "softmax_i16_i64_reference",
                       [params = softmax::make_int16_params(rows_of(context), beta, input_scale)](const StepBuffers& buffers, Range units) {
                         softmax::softmax_int16(params, units, buffers.input<int16_t>(), buffers.output<int16_t>());
                       });
}

/// The multiplier of make_int8_params must not shrink a difference; TFLite's kernel demands it too.
Result<softmax::Int8Params> make_softmax_params(const OpContext& context, float beta) {
  const softmax::Int8Params params = softmax::make_int8_params(rows_of(context), beta, tensor_scale(context.input(0)));
  if (params.multiplier.shift >= 0) return params;
  return context.fail(Code::kOutOfRange, "beta {} * input scale {} is below 2^-26", beta, tensor_scale(context.input(0)));
}

Result<rows::LogSoftmaxParams> make_log_softmax_params(const OpContext& context) {
  const graph::Tensor& y = context.output();
  constexpr float kOutputScale = 16.0f / 256.0f;
  const int32_t zero_point = code_range(y.type).high;
  if (tensor_scale(y) != kOutputScale || tensor_zero_point(y) != zero_point) {
    return context.fail(Code::kMismatch, "its {} output must have scale 1/16 and zero point {}, found {} and {}", graph::dtype_name(y.type),
                        zero_point, tensor_scale(y), tensor_zero_point(y));
  }
  LITEQAT_ASSIGN_OR_RETURN(const softmax::Int8Params forward, make_softmax_params(context, 1.0f));
  const double reverse = std::ldexp(1.0, 31 - forward.multiplier.shift) / static_cast<double>(forward.multiplier.mantissa);
  if (forward.multiplier.shift < 1 || !(reverse < 1)) {
    return context.fail(Code::kOutOfRange, "input scale {} must be above 2^-26", tensor_scale(context.input(0)));
  }
  return rows::LogSoftmaxParams{.columns = forward.shape.columns,
                                .multiplier = forward.multiplier,
                                .reverse = numeric::quantize_multiplier(reverse),
                                .diff_min = forward.diff_min};
}

}  // namespace

Result<Step> make_softmax_step(const OpContext& context) {
  const softmax::Rows shape = rows_of(context);
  const float beta = context.op.params_as<graph::SoftmaxParams>().beta;
  if (context.output().type == DType::kFloat32) {
    return Step{.kernel = "softmax_f32_f32_reference", .run = [=](const StepBuffers& buffers, Range) {
                  softmax::softmax_float32(shape, beta, buffers.input<float>(), buffers.output<float>());
                }};
  }
  if (!(beta > 0)) return context.fail(Code::kUnsupported, "beta must be positive for integers, found {}", beta);
  if (context.output().type == DType::kInt16) return make_softmax_int16_step(context, beta);
  constexpr float kOutputScale = 1.0f / 256.0f;  // within 0.1 %, as TFLite's kernel demands of int8
  const int32_t zero_point = code_range(context.output().type).low;
  if (std::abs(tensor_scale(context.output()) - kOutputScale) > 0.001f * kOutputScale ||
      tensor_zero_point(context.output()) != zero_point) {
    return context.fail(Code::kMismatch, "an {} output must have scale 1/256 and zero point {}, found {} and {}",
                        graph::dtype_name(context.output().type), zero_point, tensor_scale(context.output()),
                        tensor_zero_point(context.output()));
  }
  LITEQAT_ASSIGN_OR_RETURN(const softmax::Int8Params params, make_softmax_params(context, beta));
  const softmax::Int8Table table = softmax::make_int8_table(params);
  if (context.output().type == DType::kUInt8) {
    return make_row_step(context, "softmax_u8_i32_table_reference", [=](const StepBuffers& buffers, Range units) {
      softmax::softmax_table(table, units, buffers.input<uint8_t>(), buffers.output<uint8_t>());
    });
  }
  return make_row_step(context, "softmax_i8_i32_table_reference", [=](const StepBuffers& buffers, Range units) {
    softmax::softmax_table(table, units, buffers.input<int8_t>(), buffers.output<int8_t>());
  });
}

Result<Step> make_log_softmax_step(const OpContext& context) {
  const int32_t columns = rows_of(context).columns;
  if (context.output().type == DType::kFloat32) {
    return make_row_step(context, "log_softmax_f32_reference", [=](const StepBuffers& buffers, Range units) {
      rows::log_softmax_float32(units, columns, buffers.input<float>(), buffers.output<float>());
    });
  }
  LITEQAT_ASSIGN_OR_RETURN(const rows::LogSoftmaxParams params, make_log_softmax_params(context));
  if (context.output().type == DType::kUInt8) {
    return make_row_step(context, "log_softmax_u8_i32_reference", [=](const StepBuffers& buffers, Range units) {
      rows::log_softmax(params, units, buffers.input<uint8_t>(), buffers.output<uint8_t>());
    });
  }
  return make_row_step(context, "log_softmax_i8_i32_reference", [=](const StepBuffers& buffers, Range units) {
    rows::log_softmax(params, units, buffers.input<int8_t>(), buffers.output<int8_t>());
  });
}

Result<Step> make_l2_normalization_step(const OpContext& context) {
  if (context.op.params_as<graph::ArithmeticParams>().activation != graph::Activation::kNone) {
    return context.fail(Code::kUnsupported, "a fused activation is not supported, expected NONE");
  }
  const int32_t columns = rows_of(context).columns;
  const graph::Tensor& y = context.output();
  if (y.type == DType::kFloat32) {
    return make_row_step(context, "l2_normalization_f32_reference", [=](const StepBuffers& buffers, Range units) {
      rows::l2_normalize_float32(units, columns, buffers.input<float>(), buffers.output<float>());
    });
  }
  const bool is_signed = y.type == DType::kInt8;
  if (tensor_scale(y) != 1.0f / 128.0f || tensor_zero_point(y) != (is_signed ? 0 : 128)) {
    return context.fail(Code::kMismatch, "its {} output must have scale 1/128 and zero point {}, found {} and {}",
                        graph::dtype_name(y.type), is_signed ? 0 : 128, tensor_scale(y), tensor_zero_point(y));
  }
  const int32_t zero_point = tensor_zero_point(context.input(0));
  if (is_signed) {
    return make_row_step(context, "l2_normalization_i8_i32_reference", [=](const StepBuffers& buffers, Range units) {
      rows::l2_normalize_int8(units, columns, zero_point, buffers.input<int8_t>(), buffers.output<int8_t>());
    });
  }
  return make_row_step(context, "l2_normalization_u8_i32_reference", [=](const StepBuffers& buffers, Range units) {
    rows::l2_normalize_uint8(units, columns, zero_point, buffers.input<uint8_t>(), buffers.output<uint8_t>());
  });
}

}  // namespace liteqat::runtime
