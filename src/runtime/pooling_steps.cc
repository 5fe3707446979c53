#include "kernels/pool/pool.h"
#include "runtime/step.h"
#include "runtime/step_shapes.h"

namespace liteqat::runtime {
namespace {

namespace pool = kernels::pool;
using graph::DType;

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

}  // namespace liteqat::runtime
