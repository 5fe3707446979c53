// Weighted operators through the kernels that take every type and requantization (kernels/weighted, kernels/transpose_conv).
#include "runtime/weighted_integer_steps.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/transpose_conv/transpose_conv.h"
#include "kernels/weighted/float32.h"
#include "kernels/weighted/weighted.h"
#include "runtime/arithmetic.h"

namespace liteqat::runtime {
namespace {

namespace transpose_conv = kernels::transpose_conv;
namespace weighted = kernels::weighted;
using graph::DType;

template <typename Bias>
const Bias* bias_of(const StepBuffers& buffers, size_t position) {
  return position < buffers.inputs.size() ? buffers.input<Bias>(position) : nullptr;
}

template <typename Elem, typename Weight, typename Bias>
Step make_step_of(const char* types, const WeightedShape& shape, const weighted::Params& params, std::vector<numeric::Rescale> rescales) {
  Step step;
  step.kernel = format("{}_{}_reference", shape.transposed ? "transpose_conv" : "weighted", types);
  step.units = params.window.out_rows();
  const auto run = shape.transposed ? transpose_conv::run<Elem, Weight, Bias> : weighted::run<Elem, Weight, Bias>;
  step.run = [run, shape, params, rescales = std::move(rescales)](const StepBuffers& buffers, kernels::Range rows) {
    weighted::Params bound = params;
    bound.rescales = rescales.data();
    run(bound, rows, buffers.input<Elem>(shape.input), buffers.input<Weight>(1), bias_of<Bias>(buffers, shape.bias),
        buffers.output<Elem>());
  };
  return step;
}

struct TypeLimits {
  int32_t low, high;
};
TypeLimits limits_of(DType type) {
  return type == DType::kInt8 ? TypeLimits{-128, 127} : type == DType::kUInt8 ? TypeLimits{0, 255} : TypeLimits{-32768, 32767};
}

bool has_wide_accumulator(const OpContext& context, const WeightedShape& shape) {
  if (context.input(shape.input).type != DType::kInt16) return false;
  return !context.has_input(shape.bias) || context.input(shape.bias).type == DType::kInt64;
}

/// CONV_2D whose weight scales are all equal quantizes its input symmetrically, as LiteRT's does; with a scale per channel, and in
/// DEPTHWISE_CONV_2D, not. FULLY_CONNECTED says which.
bool has_symmetric_input(const OpContext& context, const WeightedShape& shape) {
  if (shape.dense) return !context.op.params_as<graph::FullyConnectedParams>().asymmetric_inputs;
  const std::vector<float>& scales = context.input(1).quantization.scale;
  return !shape.channels.depthwise && std::ranges::all_of(scales, [&](float scale) { return scale == scales[0]; });
}

Step make_hybrid_step(const OpContext& context, const WeightedShape& shape) {
  std::vector<float> scales = context.input(1).quantization.scale;
  weighted::HybridParams params = {.window = shape.window,
                                   .channels = shape.channels,
                                   .input_quantization = input_quantization(context.options.profile),
                                   .symmetric_input = has_symmetric_input(context, shape),
                                   .clamp = numeric::float_clamp(shape.activation)};
  const bool by_channel = !shape.dense && !shape.channels.depthwise && !params.symmetric_input;
  params.product = by_channel ? weighted::HybridProduct::kWeightsThenInput : weighted::HybridProduct::kScalesFirst;
  if (scales.size() == 1) scales.resize(static_cast<size_t>(shape.window.out_c), scales[0]);
  return {.kernel = "weighted_f32_i8_i32_hybrid_reference",
          .scratch_bytes = weighted::hybrid_scratch_bytes(params),
          .units = shape.window.batch,
          .run = [shape, params, scales = std::move(scales)](const StepBuffers& buffers, kernels::Range images) {
            weighted::HybridParams bound = params;
            bound.weight_scales = scales.data();
            weighted::run_hybrid(bound, images, buffers.input<float>(shape.input), buffers.input<int8_t>(1),
                                 bias_of<float>(buffers, shape.bias), buffers.output<float>(), buffers.scratch);
          }};
}

}  // namespace

bool xnnpack_takes(const OpContext& context, const WeightedShape& shape) {
  if (context.constant<std::byte>(1) == nullptr) return false;
  if (context.has_input(shape.bias) && context.constant<std::byte>(shape.bias) == nullptr) return false;
  return std::ranges::all_of(context.input(1).quantization.scale, [&](float scale) {
    const float input_scale = tensor_scale(context.input(shape.input)), output_scale = tensor_scale(context.output());
    return rescale_factor(ScaleProduct::kFloat, input_scale, scale, output_scale) < 256.0;
  });
}

Result<std::vector<numeric::Rescale>> make_rescales(const OpContext& context, const WeightedShape& shape,
                                                    const WeightedArithmetic& arithmetic) {
  const std::vector<float>& scales = context.input(1).quantization.scale;
  const float input_scale = tensor_scale(context.input(shape.input)), output_scale = tensor_scale(context.output());
  const ScaleProduct product = scales.size() > 1 ? arithmetic.per_channel : arithmetic.per_tensor;
  const bool wide = arithmetic.requantization == numeric::Requantization::kMantissa16;
  const int32_t most_shift = wide ? numeric::kMaxWideShift : numeric::kMaxShift;
  std::vector<numeric::Rescale> rescales;
  for (size_t channel = 0; channel < static_cast<size_t>(shape.window.out_c); ++channel) {
    const float weight_scale = scales.size() > 1 ? scales[channel] : scales[0];
    const double factor = rescale_factor(product, input_scale, weight_scale, output_scale);
    const numeric::Multiplier multiplier = std::isfinite(factor) ? numeric::quantize_multiplier(factor) : numeric::Multiplier{0, INT32_MAX};
    if (multiplier.shift > most_shift) {
      return context.fail(Code::kOutOfRange, "input scale {} * weight scale {} / output scale {} is {} at channel {}, at least 2^{}",
                          input_scale, weight_scale, output_scale, factor, channel, most_shift);
    }
    rescales.push_back({.multiplier = multiplier, .factor = factor});
  }
  return rescales;
}

Result<Step> make_weighted_integer_step(const OpContext& context, const WeightedShape& shape) {
  const graph::Tensor &x = context.input(shape.input), &w = context.input(1), &y = context.output();
  const WeightedKind kind = {.dense = shape.dense, .activations = x.type, .wide_accumulator = has_wide_accumulator(context, shape)};
  const bool left_over = uses_xnnpack(context.options.profile) && !xnnpack_takes(context, shape);
  const WeightedArithmetic arithmetic = weighted_arithmetic(left_over ? Profile::kLitertReference : context.options.profile, kind);
  LITEQAT_ASSIGN_OR_RETURN(std::vector<numeric::Rescale> rescales, make_rescales(context, shape, arithmetic));
  const TypeLimits limits = limits_of(y.type);
  const bool half_even = arithmetic.requantization == numeric::Requantization::kFloatHalfEven;
  const auto make_clamp = half_even ? numeric::half_even_clamp : numeric::quantized_clamp;
  const weighted::Params params = {.window = shape.window,
                                   .channels = shape.channels,
                                   .requantization = arithmetic.requantization,
                                   .input_zero_point = tensor_zero_point(x),
                                   .weight_zero_point = tensor_zero_point(w),
                                   .output_zero_point = tensor_zero_point(y),
                                   .clamp = make_clamp(shape.activation, tensor_scale(y), tensor_zero_point(y), limits.low, limits.high)};
  if (x.type == DType::kInt8) return make_step_of<int8_t, int8_t, int32_t>("i8_i8_i32", shape, params, std::move(rescales));
  if (x.type == DType::kUInt8) return make_step_of<uint8_t, uint8_t, int32_t>("u8_u8_i32", shape, params, std::move(rescales));
  if (kind.wide_accumulator) return make_step_of<int16_t, int8_t, int64_t>("i16_i8_i64", shape, params, std::move(rescales));
  return make_step_of<int16_t, int8_t, int32_t>("i16_i8_i32", shape, params, std::move(rescales));
}

Result<Step> make_weighted_float_step(const OpContext& context, const WeightedShape& shape) {
  if (context.input(1).type == DType::kInt8) return make_hybrid_step(context, shape);
  const weighted::FloatParams params = {.window = shape.window,
                                        .channels = shape.channels,
                                        .clamp = numeric::float_clamp(shape.activation),
                                        .sum = float_sum(context.options.profile)};
  const auto run = shape.transposed ? transpose_conv::run_float32 : weighted::run_float32;
  return Step{.kernel = shape.transposed ? "transpose_conv_f32_f32_reference" : "weighted_f32_f32_reference",
              .units = shape.window.out_rows(),
              .run = [=](const StepBuffers& buffers, kernels::Range rows) {
                run(params, rows, buffers.input<float>(shape.input), buffers.input<float>(1), bias_of<float>(buffers, shape.bias),
                    buffers.output<float>());
              }};
}

}  // namespace liteqat::runtime
