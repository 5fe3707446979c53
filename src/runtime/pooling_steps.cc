#include <limits>

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

template <typename T>
using IntPool = void (*)(const kernels::Window&, numeric::IntClamp, kernels::Range, const T*, T*);

/// The types are those of one element: int8_t with "i8", and so on.
template <typename T>
Step make_int_pool_step(const OpContext& context, const kernels::Window& window, const char* type, IntPool<T> max, IntPool<T> average) {
  const bool is_max = context.op.kind == graph::OpKind::kMaxPool2D;
  const auto clamp =
      numeric::quantized_clamp(context.op.params_as<graph::Pool2DParams>().activation, tensor_scale(context.output()),
                               tensor_zero_point(context.output()), std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
  return Step{.kernel = is_max ? format("max_pool_{}_reference", type) : format("average_pool_{}_i32_reference", type),
              .units = window.out_rows(),
              .run = [=, pool = is_max ? max : average](const StepBuffers& buffers, kernels::Range rows) {
                pool(window, clamp, rows, buffers.input<T>(), buffers.output<T>());
              }};
}

Step make_float_pool_step(const OpContext& context, const kernels::Window& window) {
  const bool is_max = context.op.kind == graph::OpKind::kMaxPool2D;
  const auto clamp = numeric::fused_float_clamp(context.op.params_as<graph::Pool2DParams>().activation);
  return Step{
      .kernel = is_max ? "max_pool_f32_reference" : "average_pool_f32_f32_reference",
      .units = window.out_rows(),
      .run = [=, run = is_max ? pool::max_pool_float32 : pool::average_pool_float32](const StepBuffers& buffers, kernels::Range rows) {
        run(window, clamp, rows, buffers.input<float>(), buffers.output<float>());
      }};
}

/// A sum of codes must stay inside 32 bits.
Status check_sum(const OpContext& context, const kernels::Window& window) {
  const int64_t most = context.output().type == DType::kInt16 ? 65535 : int64_t{1} << 23;
  const int64_t taps = int64_t{window.filter_h} * window.filter_w;
  if (context.op.kind == graph::OpKind::kMaxPool2D || taps <= most) return {};
  return context.fail(Code::kUnsupported, "it averages {} values, 32-bit sums of {} hold at most {}", taps,
                      graph::dtype_name(context.output().type), most);
}

}  // namespace

Result<Step> make_pool_step(const OpContext& context) {
  const kernels::Window window = pool_window(context);
  if (context.output().type == DType::kFloat32) return make_float_pool_step(context, window);
  LITEQAT_RETURN_IF_ERROR(require_same_quantization(context));
  LITEQAT_RETURN_IF_ERROR(check_sum(context, window));
  switch (context.output().type) {
    case DType::kUInt8:
      return make_int_pool_step<uint8_t>(context, window, "u8", pool::max_pool_uint8, pool::average_pool_uint8);
    case DType::kInt16:
      return make_int_pool_step<int16_t>(context, window, "i16", pool::max_pool_int16, pool::average_pool_int16);
    default:
      return make_int_pool_step<int8_t>(context, window, "i8", pool::max_pool_int8, pool::average_pool_int8);
  }
}

}  // namespace liteqat::runtime
