#include "runtime/xnnpack_steps.h"

#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/xnnpack/xnnpack.h"
#include "runtime/elementwise_steps.h"
#include "runtime/step_shapes.h"

namespace liteqat::runtime {
namespace {

namespace xnnpack = kernels::xnnpack;
using graph::DType;
using graph::OpKind;
using graph::Tensor;
using MaybeStep = std::optional<Step>;

template <typename Elem>
MaybeStep make_add(const OpContext& context) {
  const Tensor &a = context.input(0), &b = context.input(1), &y = context.output();
  const auto broadcast = make_broadcast(context);
  if (!broadcast.ok() || !xnnpack::takes_add(affine_of(a), affine_of(b), affine_of(y))) return {};
  xnnpack::AddParams params = xnnpack::make_add_params(affine_of(a), affine_of(b), affine_of(y));
  params.broadcast = *broadcast;
  params.clamp = numeric::half_even_clamp(context.op.params_as<graph::ArithmeticParams>().activation, tensor_scale(y), tensor_zero_point(y),
                                          std::numeric_limits<Elem>::min(), std::numeric_limits<Elem>::max());
  if constexpr (std::is_same_v<Elem, int8_t>) {
    const xnnpack::AddKernel* kernel = xnnpack::find_add_kernel(context.options.isa);
    if (kernel != nullptr && a.shape == y.shape && b.shape == y.shape) {
      return make_elementwise_step(context, kernel->name, [=, run = kernel->run](const StepBuffers& buffers, kernels::Range elems) {
        run(params, elems.end - elems.begin, buffers.input<int8_t>() + elems.begin, buffers.input<int8_t>(1) + elems.begin,
            buffers.output<int8_t>() + elems.begin);
      });
    }
  }
  return Step{.kernel = "add_x8_i32_xnnpack", .run = [=](const StepBuffers& buffers, kernels::Range) {
                xnnpack::add(params, buffers.input<Elem>(), buffers.input<Elem>(1), buffers.output<Elem>());
              }};
}

template <typename Elem>
MaybeStep make_mean(const OpContext& context) {
  constexpr int64_t kMostReduced = int64_t{1} << 23;  // 255 * 2^23 < 2^31: the sum stays inside its accumulator
  if (context.input(0).shape.size() > kernels::kMaxRank || graph::elem_count(context.input(1).shape) == 0) return {};
  const kernels::mean::Reduction reduction = make_reduction(context);
  if (reduction.reduced_elems > kMostReduced) return {};
  const xnnpack::MeanParams params = xnnpack::make_mean_params(reduction, affine_of(context.input(0)), affine_of(context.output()));
  return Step{.kernel = "mean_x8_i32_xnnpack",
              .scratch_bytes = reduction.output_elems * static_cast<int64_t>(sizeof(int32_t)),
              .run = [=](const StepBuffers& buffers, kernels::Range) {
                xnnpack::mean(params, buffers.input<Elem>(), reinterpret_cast<int32_t*>(buffers.scratch), buffers.output<Elem>());
              }};
}

template <typename Elem>
MaybeStep make_requantize(const OpContext& context, float alpha) {
  const numeric::Affine x = affine_of(context.input(0)), y = affine_of(context.output());
  if (!xnnpack::takes_requantize(x, y, alpha)) return {};
  const xnnpack::RequantizeParams params = xnnpack::make_requantize_params(x, y, alpha);
  return Step{.kernel = "requantize_x8_i32_xnnpack",
              .run = [=, count = context.output_elems()](const StepBuffers& buffers, kernels::Range) {
                xnnpack::requantize(count, params, buffers.input<Elem>(), buffers.output<Elem>());
              }};
}

template <typename Elem>
MaybeStep make_quantize(const OpContext& context) {
  const numeric::Affine affine = affine_of(context.output());
  return Step{.kernel = "quantize_f32_x8_xnnpack", .run = [=, count = context.output_elems()](const StepBuffers& buffers, kernels::Range) {
                xnnpack::quantize(count, affine, buffers.input<float>(), buffers.output<Elem>());
              }};
}

template <typename Elem>
MaybeStep make_softmax(const OpContext& context) {
  const Tensor &x = context.input(0), &y = context.output();
  constexpr float kOutputScale = 1.0f / 256.0f;  // within 0.1 %, as TFLite's kernel demands
  const float beta = context.op.params_as<graph::SoftmaxParams>().beta;
  const bool accepted = std::abs(tensor_scale(y) - kOutputScale) <= 0.001f * kOutputScale &&
                        tensor_zero_point(y) == std::numeric_limits<Elem>::min() && beta > 0;
  if (!accepted) return {};
  const int64_t rows = context.output_elems() / x.shape.back();
  const auto params = xnnpack::make_softmax_params(rows, x.shape.back(), beta, tensor_scale(x), tensor_scale(y));
  return Step{.kernel = "softmax_x8_f32_optimized", .run = [=](const StepBuffers& buffers, kernels::Range) {
                xnnpack::softmax(params, buffers.input<Elem>(), buffers.output<Elem>());
              }};
}

/// Requires: the output and, but for QUANTIZE from float32, all inputs have type Elem.
template <typename Elem>
MaybeStep make_step_of(const OpContext& context) {
  switch (context.op.kind) {
    case OpKind::kAdd:
      return make_add<Elem>(context);
    case OpKind::kMean:
      return make_mean<Elem>(context);
    case OpKind::kSoftmax:
      return make_softmax<Elem>(context);
    case OpKind::kLeakyRelu:
      return make_requantize<Elem>(context, context.op.params_as<graph::LeakyReluParams>().alpha);
    case OpKind::kQuantize:
      return context.input(0).type == DType::kFloat32 ? make_quantize<Elem>(context) : make_requantize<Elem>(context, 1.0f);
    default:
      return {};
  }
}

}  // namespace

Result<std::optional<Step>> make_xnnpack_step(const OpContext& context) {
  const DType x = context.input(0).type, y = context.output().type;
  const bool quantizes = context.op.kind == OpKind::kQuantize && x == DType::kFloat32;
  if (x != y && !quantizes) return MaybeStep();
  if (y == DType::kInt8) return make_step_of<int8_t>(context);
  if (y == DType::kUInt8) return make_step_of<uint8_t>(context);
  return MaybeStep();
}

}  // namespace liteqat::runtime
