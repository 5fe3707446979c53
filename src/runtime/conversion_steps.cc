// Steps between element types: QUANTIZE, DEQUANTIZE, CAST.
#include "kernels/cast/cast.h"
#include "kernels/quantize/quantize.h"
#include "numeric/rescale.h"
#include "runtime/elementwise_steps.h"
#include "runtime/table_step.h"

namespace liteqat::runtime {
namespace {

namespace quantize = kernels::quantize;
using graph::DType;
using graph::Tensor;
using kernels::Range;

std::string conversion_name(const OpContext& context, const char* what, const char* how = "", const char* isa = "reference") {
  return format("{}_{}_{}{}_{}", what, short_type_name(context.input(0).type), short_type_name(context.output().type), how, isa);
}

quantize::Channels channels_of(const Tensor& tensor) {
  const graph::Quantization& source = tensor.quantization;
  quantize::Channels channels;
  for (size_t slice = 0; slice < source.scale.size(); ++slice) {
    channels.params.push_back({.scale = source.scale[slice], .zero_point = static_cast<int32_t>(source.zero_point[slice])});
  }
  for (size_t axis = static_cast<size_t>(source.axis) + 1; axis < tensor.shape.size(); ++axis) channels.inner *= tensor.shape[axis];
  return channels;
}

template <typename Code>
Step make_quantize_step(const OpContext& context) {
  if (context.output().quantization.per_channel()) {
    return make_elementwise_step(context, conversion_name(context, "quantize", "_per_channel"),
                                 [channels = channels_of(context.output())](const StepBuffers& buffers, Range elems) {
                                   quantize::quantize_per_channel(elems, channels, buffers.input<float>(), buffers.output<Code>());
                                 });
  }
  return make_elementwise_step(context, conversion_name(context, "quantize"),
                               [affine = affine_of(context.output())](const StepBuffers& buffers, Range elems) {
                                 quantize::quantize(elems, affine, buffers.input<float>(), buffers.output<Code>());
                               });
}

template <typename From, typename To>
Step make_requantize_step(const OpContext& context, const quantize::Requantize& params) {
  return make_elementwise_step(context, conversion_name(context, "requantize"), [=](const StepBuffers& buffers, Range elems) {
    quantize::requantize(elems, params, buffers.input<From>(), buffers.output<To>());
  });
}

Step make_requantize_table_step(const OpContext& context, const quantize::Requantize& params) {
  const numeric::IntClamp codes = code_range(context.output().type);
  return make_table_step(context, "requantize",
                         [=](int32_t code) { return quantize::requantize_code(code, params, codes.low, codes.high); });
}

Result<Step> make_requantize_step(const OpContext& context) {
  const Tensor &x = context.input(0), &y = context.output();
  const double factor = numeric::requantize_rescale(tensor_scale(x), tensor_scale(y));
  LITEQAT_ASSIGN_OR_RETURN(const numeric::Multiplier multiplier, make_multiplier(context, factor, "input scale / output scale"));
  const quantize::Requantize params = {
      .multiplier = multiplier, .input_zero_point = tensor_zero_point(x), .output_zero_point = tensor_zero_point(y)};
  const bool to_int16 = y.type == DType::kInt16;
  switch (x.type) {
    case DType::kInt8:
      return to_int16 ? make_requantize_step<int8_t, int16_t>(context, params) : make_requantize_table_step(context, params);
    case DType::kUInt8:
      return to_int16 ? make_requantize_step<uint8_t, int16_t>(context, params) : make_requantize_table_step(context, params);
    case DType::kInt16:
      if (y.type == DType::kInt32) return make_requantize_step<int16_t, int32_t>(context, params);
      return to_int16 ? make_requantize_step<int16_t, int16_t>(context, params) : make_requantize_step<int16_t, int8_t>(context, params);
    default:
      return to_int16 ? make_requantize_step<int32_t, int16_t>(context, params) : make_requantize_step<int32_t, int8_t>(context, params);
  }
}

/// float32 to 8-bit codes, by the kernel of quantize::find_kernels.
template <typename Code>
Step make_quantize_8_bit_step(const OpContext& context,
                              void (*quantize::Kernels::*kernel)(int64_t, const numeric::Affine&, const float*, Code*)) {
  if (context.output().quantization.per_channel()) return make_quantize_step<Code>(context);
  const quantize::Kernels& kernels = quantize::find_kernels(context.options.isa);
  return make_elementwise_step(context, conversion_name(context, "quantize", "", kernels.isa_name),
                               [affine = affine_of(context.output()), run = kernels.*kernel](const StepBuffers& buffers, Range elems) {
                                 run(elems.end - elems.begin, affine, buffers.input<float>() + elems.begin,
                                     buffers.output<Code>() + elems.begin);
                               });
}

template <typename Code>
Step make_dequantize_per_channel_step(const OpContext& context) {
  return make_elementwise_step(context, conversion_name(context, "dequantize", "_per_channel"),
                               [channels = channels_of(context.input(0))](const StepBuffers& buffers, Range elems) {
                                 quantize::dequantize_per_channel(elems, channels, buffers.input<Code>(), buffers.output<float>());
                               });
}

/// 8-bit codes to float32, likewise.
template <typename Code>
Step make_dequantize_8_bit_step(const OpContext& context,
                                void (*quantize::Kernels::*kernel)(int64_t, const numeric::Affine&, const Code*, float*)) {
  if (context.input(0).quantization.per_channel()) return make_dequantize_per_channel_step<Code>(context);
  const quantize::Kernels& kernels = quantize::find_kernels(context.options.isa);
  return make_elementwise_step(context, conversion_name(context, "dequantize", "", kernels.isa_name),
                               [affine = affine_of(context.input(0)), run = kernels.*kernel](const StepBuffers& buffers, Range elems) {
                                 run(elems.end - elems.begin, affine, buffers.input<Code>() + elems.begin,
                                     buffers.output<float>() + elems.begin);
                               });
}

Step make_dequantize_int16_step(const OpContext& context) {
  return make_elementwise_step(context, conversion_name(context, "dequantize"),
                               [affine = affine_of(context.input(0))](const StepBuffers& buffers, Range elems) {
                                 quantize::dequantize(elems, affine, buffers.input<int16_t>(), buffers.output<float>());
                               });
}

/// Calls then(a value of the C++ type).
template <typename Then>
Step with_type(DType type, const Then& then) {
  switch (type) {
    case DType::kFloat16:
      return then(kernels::cast::Float16{});
    case DType::kInt8:
      return then(int8_t{});
    case DType::kUInt8:
      return then(uint8_t{});
    case DType::kInt16:
      return then(int16_t{});
    case DType::kInt32:
      return then(int32_t{});
    case DType::kInt64:
      return then(int64_t{});
    case DType::kBool:
      return then(bool{});
    default:
      return then(float{});
  }
}

}  // namespace

Result<Step> make_quantize_step(const OpContext& context) {
  if (context.input(0).type != DType::kFloat32) return make_requantize_step(context);
  switch (context.output().type) {
    case DType::kUInt8:
      return make_quantize_8_bit_step<uint8_t>(context, &quantize::Kernels::quantize_uint8);
    case DType::kInt16:
      return make_quantize_step<int16_t>(context);
    default:
      return make_quantize_8_bit_step<int8_t>(context, &quantize::Kernels::quantize_int8);
  }
}

Result<Step> make_dequantize_step(const OpContext& context) {
  const Tensor& x = context.input(0);
  switch (x.type) {
    case DType::kFloat16:
      return make_elementwise_step(context, conversion_name(context, "dequantize"), [](const StepBuffers& buffers, Range elems) {
        quantize::dequantize_float16(elems, buffers.input<uint16_t>(), buffers.output<float>());
      });
    case DType::kUInt8:
      return make_dequantize_8_bit_step<uint8_t>(context, &quantize::Kernels::dequantize_uint8);
    case DType::kInt16:
      return make_dequantize_int16_step(context);
    default:
      return make_dequantize_8_bit_step<int8_t>(context, &quantize::Kernels::dequantize_int8);
  }
}

Result<Step> make_cast_step(const OpContext& context) {
  return with_type(context.input(0).type, [&](auto from) {
    using From = decltype(from);
    return with_type(context.output().type, [&](auto to) {
      using To = decltype(to);
      return make_elementwise_step(context, conversion_name(context, "cast"), [](const StepBuffers& buffers, Range elems) {
        kernels::cast::cast(elems, buffers.input<From>(), buffers.output<To>());
      });
    });
  });
}

}  // namespace liteqat::runtime
