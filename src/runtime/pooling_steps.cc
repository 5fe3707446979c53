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
  return make_window(context, {.padding = params.padding,
                               .filter_h = params.filter_h,
                               .filter_w = params.filter_w,
                               .stride_h = params.stride_h,
                               .stride_w = params.stride_w});
}

template <typename T>
using IntPool = void (*)(const kernels::Window&, numeric::IntClamp, kernels::Range, const T*, T*);

template <typename T>
Step make_int_pool_step(const OpContext& context, const kernels::Window& window, std::string kernel, IntPool<T> pool) {
  const auto clamp =
      numeric::quantized_clamp(context.op.params_as<graph::Pool2DParams>().activation, tensor_scale(context.output()),
                               tensor_zero_point(context.output()), std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
  return Step{.kernel = std::move(kernel), .units = window.out_rows(), .run = [=](const StepBuffers& buffers, kernels::Range rows) {
                pool(window, clamp, rows, buffers.input<T>(), buffers.output<T>());
              }};
}

bool is_max_pool(const OpContext& context) {
  return context.op.kind == graph::OpKind::kMaxPool2D;
}

Step make_int8_pool_step(const OpContext& context, const kernels::Window& window) {
  const pool::Int8Kernels& kernels = pool::find_int8_kernels(int64_t{window.filter_h} * window.filter_w, context.options.isa);
  return is_max_pool(context) ? make_int_pool_step<int8_t>(context, window, kernels.max_name, kernels.max_pool)
                              : make_int_pool_step<int8_t>(context, window, kernels.average_name, kernels.average_pool);
}

Step make_uint8_pool_step(const OpContext& context, const kernels::Window& window) {
  return is_max_pool(context) ? make_int_pool_step<uint8_t>(context, window, "max_pool_u8_reference", pool::max_pool_uint8)
                              : make_int_pool_step<uint8_t>(context, window, "average_pool_u8_i32_reference", pool::average_pool_uint8);
}

Step make_int16_pool_step(const OpContext& context, const kernels::Window& window) {
  return is_max_pool(context) ? make_int_pool_step<int16_t>(context, window, "max_pool_i16_reference", pool::max_pool_int16)
                              : make_int_pool_step<int16_t>(context, window, "average_pool_i16_i32_reference", pool::average_pool_int16);
}

Step make_float_pool_step(const OpContext& context, const kernels::Window& window) {
  const bool is_max = is_max_pool(context);
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
  if (is_max_pool(context) || taps <= most) return {};
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
      return make_uint8_pool_step(context, window);
    case DType::kInt16:
      return make_int16_pool_step(context, window);
    default:
      return make_int8_pool_step(context, window);
  }
}

}  // namespace liteqat::runtime
