#include "kernels/resize/resize.h"
#include "runtime/step.h"

namespace liteqat::runtime {
namespace {

namespace resize = kernels::resize;
using graph::DType;

template <typename T>
Step make_bilinear_step(const resize::Params& params, const char* kernel,
                        void (*run)(const resize::Params&, kernels::Range, const T*, T*)) {
  return Step{.kernel = kernel, .units = params.out_rows(), .run = [=](const StepBuffers& buffers, kernels::Range rows) {
                run(params, rows, buffers.input<T>(), buffers.output<T>());
              }};
}

}  // namespace

Result<Step> make_resize_bilinear_step(const OpContext& context) {
  const graph::Shape &x = context.input(0).shape, &y = context.output().shape;
  const auto& options = context.op.params_as<graph::ResizeParams>();
  const resize::Params params = {.batch = x[0],
                                 .in_h = x[1],
                                 .in_w = x[2],
                                 .out_h = y[1],
                                 .out_w = y[2],
                                 .channels = x[3],
                                 .align_corners = options.align_corners,
                                 .half_pixel_centers = options.half_pixel_centers};
  switch (context.output().type) {
    case DType::kUInt8:
      return make_bilinear_step<uint8_t>(params, "resize_bilinear_u8_f32_reference", resize::bilinear_uint8);
    case DType::kInt8:
      return make_bilinear_step<int8_t>(params, "resize_bilinear_i8_i64_reference", resize::bilinear_int8);
    case DType::kInt16:
      return make_bilinear_step<int16_t>(params, "resize_bilinear_i16_i64_reference", resize::bilinear_int16);
    default:
      return make_bilinear_step<float>(params, "resize_bilinear_f32_f32_reference", resize::bilinear_float32);
  }
}

}  // namespace liteqat::runtime
