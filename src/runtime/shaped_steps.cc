#include <algorithm>
#include <cmath>

#include "kernels/mean/mean.h"
#include "kernels/pad/pad.h"
#include "kernels/pool/pool.h"
#include "kernels/softmax/softmax.h"
#include "runtime/step.h"

namespace liteqat::runtime {
namespace {

namespace mean = kernels::mean;
namespace pad = kernels::pad;
namespace pool = kernels::pool;
namespace softmax = kernels::softmax;
using graph::DType;

/// Operators that move raw codes need equal parameters on both sides; scales within 1e-6 as TFLite's kernels demand.
Status require_same_quantization(const OpContext& context) {
  const graph::Tensor &x = context.input(0), &y = context.output();
  if (std::abs(tensor_scale(x) - tensor_scale(y)) <= 1e-6f && tensor_zero_point(x) == tensor_zero_point(y)) return {};
  return context.fail(Code::kMismatch, "input and output must share scale and zero point, found {} / {} and {} / {}", tensor_scale(x),
                      tensor_zero_point(x), tensor_scale(y), tensor_zero_point(y));
}

Status require_rank(const OpContext& context) {
  const graph::Shape& shape = context.input(0).shape;
  if (shape.size() <= kernels::kMaxRank) return {};
  return context.fail(Code::kUnsupported, "its input {} has {} axes, at most {} are supported", graph::shape_text(shape), shape.size(),
                      kernels::kMaxRank);
}

/// The shape with leading extents of 1.
kernels::Extents padded_extents(const graph::Shape& shape) {
  kernels::Extents extents;
  extents.fill(1);
  std::copy(shape.begin(), shape.end(), extents.end() - static_cast<std::ptrdiff_t>(shape.size()));
  return extents;
}

kernels::Window pool_window(const OpContext& context) {
  const auto& params = context.op.params_as<graph::Pool2DParams>();
  const graph::Shape &x = context.input(0).shape, &y = context.output().shape;
  kernels::Window window = {.batch = x[0],
                            .in_h = x[1],
                            .in_w = x[2],
                            .in_c = x[3],
                            .out_h = y[1],
                            .out_w = y[2],
                            .out_c = y[3],
                            .filter_h = params.filter_h,
                            .filter_w = params.filter_w,
                            .stride_h = params.stride_h,
                            .stride_w = params.stride_w};
  window.pad_top = numeric::window_pad_before(params.padding, x[1], params.filter_h, params.stride_h, 1, y[1]);
  window.pad_left = numeric::window_pad_before(params.padding, x[2], params.filter_w, params.stride_w, 1, y[2]);
  return window;
}

/// Which of the input's axes are reduced, as steps of the output: 0 along them.
mean::Reduction make_reduction(const OpContext& context) {
  const graph::Shape& shape = context.input(0).shape;
  const auto rank = static_cast<int32_t>(shape.size());
  std::array<bool, kernels::kMaxRank> reduced{};
  const int32_t* axes = context.constant<int32_t>(1);
  const int64_t axis_count = graph::elem_count(context.input(1).shape);
  for (int64_t entry = 0; entry < axis_count; ++entry) {
    const int32_t axis = axes[entry] < 0 ? axes[entry] + rank : axes[entry];
    reduced[static_cast<size_t>(kernels::kMaxRank - rank + axis)] = true;
  }
  mean::Reduction reduction = {.extents = padded_extents(shape)};
  for (size_t axis = kernels::kMaxRank; axis-- > 0;) {
    (reduced[axis] ? reduction.reduced_elems : reduction.output_elems) *= reduction.extents[axis];
    reduction.output[axis] = reduced[axis] ? 0 : reduction.output_elems / reduction.extents[axis];
  }
  return reduction;
}

}  // namespace

Result<Step> make_pool_step(const OpContext& context) {
  const kernels::Window window = pool_window(context);
  const auto activation = context.op.params_as<graph::Pool2DParams>().activation;
  const bool is_max = context.op.kind == graph::OpKind::kMaxPool2D;
  if (context.output().type == DType::kFloat32) {
    const auto run = is_max ? pool::max_pool_float32 : pool::average_pool_float32;
    return Step{.kernel = is_max ? "max_pool_f32_reference" : "average_pool_f32_f32_reference",
                .run = [=, clamp = numeric::float_clamp(activation)](const StepBuffers& buffers, kernels::Range) {
                  run(window, clamp, buffers.input<float>(), buffers.output<float>());
                }};
  }
  LITEQAT_RETURN_IF_ERROR(require_same_quantization(context));
  const auto clamp = numeric::quantized_clamp(activation, tensor_scale(context.output()), tensor_zero_point(context.output()), -128, 127);
  const auto run = is_max ? pool::max_pool_int8 : pool::average_pool_int8;
  return Step{
      .kernel = is_max ? "max_pool_i8_reference" : "average_pool_i8_i32_reference",
      .run = [=](const StepBuffers& buffers, kernels::Range) { run(window, clamp, buffers.input<int8_t>(), buffers.output<int8_t>()); }};
}

Result<Step> make_mean_step(const OpContext& context) {
  LITEQAT_RETURN_IF_ERROR(require_rank(context));
  const mean::Reduction reduction = make_reduction(context);
  if (context.output().type == DType::kFloat32) {
    return Step{.kernel = "mean_f32_f32_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                  mean::mean_float32(reduction, buffers.input<float>(), buffers.output<float>());
                }};
  }
  constexpr int64_t kMostReduced = int64_t{1} << 23;  // 255 * 2^23 < 2^31: the sum stays inside its accumulator
  if (reduction.reduced_elems > kMostReduced) {
    return context.fail(Code::kUnsupported, "it averages {} values, int8 sums hold at most {}", reduction.reduced_elems, kMostReduced);
  }
  const mean::Int8Params params = {
      .reduction = reduction,
      .multiplier = mean::make_multiplier(tensor_scale(context.input(0)), tensor_scale(context.output()), reduction.reduced_elems),
      .input_zero_point = tensor_zero_point(context.input(0)),
      .output_zero_point = tensor_zero_point(context.output())};
  if (params.multiplier.shift > numeric::kMaxShift) {
    return context.fail(Code::kOutOfRange, "input scale {} / output scale {} is at least 2^30", tensor_scale(context.input(0)),
                        tensor_scale(context.output()));
  }
  return Step{.kernel = "mean_i8_i32_reference",
              .scratch_bytes = reduction.output_elems * static_cast<int64_t>(sizeof(int32_t)),
              .run = [=](const StepBuffers& buffers, kernels::Range) {
                mean::mean_int8(params, buffers.input<int8_t>(), reinterpret_cast<int32_t*>(buffers.scratch), buffers.output<int8_t>());
              }};
}

Result<Step> make_softmax_step(const OpContext& context) {
  const graph::Shape& shape = context.input(0).shape;
  const softmax::Rows rows = {.rows = context.output_elems() / shape.back(), .columns = shape.back()};
  const float beta = context.op.params_as<graph::SoftmaxParams>().beta;
  if (context.output().type == DType::kFloat32) {
    return Step{.kernel = "softmax_f32_f32_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                  softmax::softmax_float32(rows, beta, buffers.input<float>(), buffers.output<float>());
                }};
  }
  constexpr float kOutputScale = 1.0f / 256.0f;  // within 0.1 %, as TFLite's kernel demands
  if (std::abs(tensor_scale(context.output()) - kOutputScale) > 0.001f * kOutputScale || tensor_zero_point(context.output()) != -128) {
    return context.fail(Code::kMismatch, "an int8 output must have scale 1/256 and zero point -128, found {} and {}",
                        tensor_scale(context.output()), tensor_zero_point(context.output()));
  }
  if (!(beta > 0)) return context.fail(Code::kUnsupported, "beta must be positive for int8, found {}", beta);
  const softmax::Int8Params params = softmax::make_int8_params(rows, beta, tensor_scale(context.input(0)));
  if (params.multiplier.shift < 0) {
    return context.fail(Code::kOutOfRange, "beta {} * input scale {} is below 2^-26", beta, tensor_scale(context.input(0)));
  }
  return Step{.kernel = "softmax_i8_i32_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                softmax::softmax_int8(params, buffers.input<int8_t>(), buffers.output<int8_t>());
              }};
}

Result<Step> make_pad_step(const OpContext& context) {
  LITEQAT_RETURN_IF_ERROR(require_rank(context));
  const size_t rank = context.input(0).shape.size();
  pad::Params params = {.input = padded_extents(context.input(0).shape)};
  const int32_t* paddings = context.constant<int32_t>(1);
  for (size_t axis = 0; axis < rank; ++axis) {
    params.before[kernels::kMaxRank - rank + axis] = paddings[2 * axis];
    params.after[kernels::kMaxRank - rank + axis] = paddings[2 * axis + 1];
  }
  if (context.output().type == DType::kFloat32) {
    return Step{.kernel = "pad_f32_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                  pad::pad_float32(params, buffers.input<float>(), buffers.output<float>());
                }};
  }
  LITEQAT_RETURN_IF_ERROR(require_same_quantization(context));
  const auto value = static_cast<int8_t>(tensor_zero_point(context.output()));
  return Step{.kernel = "pad_i8_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                pad::pad_int8(params, value, buffers.input<int8_t>(), buffers.output<int8_t>());
              }};
}

}  // namespace liteqat::runtime
