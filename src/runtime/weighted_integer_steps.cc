// Weighted operators on integers through the kernels that take every type and requantization (kernels/weighted).
#include "runtime/weighted_integer_steps.h"

#include <cmath>
#include <vector>

#include "kernels/weighted/weighted.h"
#include "runtime/arithmetic.h"

namespace liteqat::runtime {
namespace {

namespace weighted = kernels::weighted;
using graph::DType;

template <typename Elem, typename Weight, typename Bias>
Step make_step_of(const char* name, const weighted::Params& params, std::vector<numeric::Rescale> rescales) {
  Step step;
  step.kernel = name;
  step.units = params.window.out_rows();
  step.run = [params, rescales = std::move(rescales)](const StepBuffers& buffers, kernels::Range rows) {
    weighted::Params bound = params;
    bound.rescales = rescales.data();
    const Bias* bias = buffers.inputs.size() > 2 ? buffers.input<Bias>(2) : nullptr;
    weighted::run(bound, rows, buffers.input<Elem>(), buffers.input<Weight>(1), bias, buffers.output<Elem>());
  };
  return step;
}

struct TypeLimits {
  int32_t low, high;
};
TypeLimits limits_of(DType type) {
  return type == DType::kInt8 ? TypeLimits{-128, 127} : type == DType::kUInt8 ? TypeLimits{0, 255} : TypeLimits{-32768, 32767};
}

bool has_wide_accumulator(const OpContext& context) {
  if (context.input(0).type != DType::kInt16) return false;
  return !context.has_input(2) || context.input(2).type == DType::kInt64;
}

}  // namespace

Result<std::vector<numeric::Rescale>> make_rescales(const OpContext& context, const WeightedArithmetic& arithmetic, int32_t channels) {
  const std::vector<float>& scales = context.input(1).quantization.scale;
  const ScaleProduct product = scales.size() > 1 ? arithmetic.per_channel : arithmetic.per_tensor;
  const bool wide = arithmetic.requantization == numeric::Requantization::kMantissa16;
  const int32_t most_shift = wide ? numeric::kMaxWideShift : numeric::kMaxShift;
  std::vector<numeric::Rescale> rescales;
  for (size_t channel = 0; channel < static_cast<size_t>(channels); ++channel) {
    const float weight_scale = scales.size() > 1 ? scales[channel] : scales[0];
    const double factor = rescale_factor(product, tensor_scale(context.input(0)), weight_scale, tensor_scale(context.output()));
    const numeric::Multiplier multiplier = std::isfinite(factor) ? numeric::quantize_multiplier(factor) : numeric::Multiplier{0, INT32_MAX};
    if (multiplier.shift > most_shift) {
      return context.fail(Code::kOutOfRange, "input scale {} * weight scale {} / output scale {} is {} at channel {}, at least 2^{}",
                          tensor_scale(context.input(0)), weight_scale, tensor_scale(context.output()), factor, channel, most_shift);
    }
    rescales.push_back({.multiplier = multiplier, .factor = factor});
  }
  return rescales;
}

Result<Step> make_weighted_integer_step(const OpContext& context, const WeightedShape& shape) {
  const graph::Tensor &x = context.input(0), &w = context.input(1), &y = context.output();
  const WeightedKind kind = {.dense = shape.dense, .activations = x.type, .wide_accumulator = has_wide_accumulator(context)};
  const WeightedArithmetic arithmetic = weighted_arithmetic(context.options.profile, kind);
  LITEQAT_ASSIGN_OR_RETURN(std::vector<numeric::Rescale> rescales, make_rescales(context, arithmetic, shape.window.out_c));
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
  if (x.type == DType::kInt8) return make_step_of<int8_t, int8_t, int32_t>("weighted_i8_i8_i32_reference", params, std::move(rescales));
  if (x.type == DType::kUInt8) return make_step_of<uint8_t, uint8_t, int32_t>("weighted_u8_u8_i32_reference", params, std::move(rescales));
  if (kind.wide_accumulator) return make_step_of<int16_t, int8_t, int64_t>("weighted_i16_i8_i64_reference", params, std::move(rescales));
  return make_step_of<int16_t, int8_t, int32_t>("weighted_i16_i8_i32_reference", params, std::move(rescales));
}

}  // namespace liteqat::runtime
