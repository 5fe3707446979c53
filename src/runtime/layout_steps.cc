#include "kernels/pad/pad.h"
#include "runtime/step.h"
#include "runtime/step_shapes.h"

namespace liteqat::runtime {
namespace {

namespace pad = kernels::pad;
using graph::DType;

}  // namespace

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
