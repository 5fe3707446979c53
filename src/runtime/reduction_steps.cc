#include <array>

#include "kernels/mean/mean.h"
#include "runtime/step.h"
#include "runtime/step_shapes.h"

namespace liteqat::runtime {
namespace {

namespace mean = kernels::mean;
using graph::DType;

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

}  // namespace liteqat::runtime
