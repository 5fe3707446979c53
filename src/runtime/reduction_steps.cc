#include <cmath>

#include "kernels/mean/mean.h"
#include "kernels/reduce/reduce.h"
#include "numeric/rescale.h"
#include "runtime/step.h"
#include "runtime/step_shapes.h"

namespace liteqat::runtime {
namespace {

namespace mean = kernels::mean;
namespace reduce = kernels::reduce;
using graph::DType;

template <typename T>
Step make_maximum_step(const mean::Reduction& reduction, const char* type) {
  return Step{.kernel = format("reduce_max_{}_reference", type), .run = [=](const StepBuffers& buffers, kernels::Range) {
                reduce::maximum(reduction, buffers.input<T>(), buffers.output<T>());
              }};
}

template <typename T>
Step make_plain_sum_step(const mean::Reduction& reduction, const char* type) {
  return Step{.kernel = format("sum_{0}_{0}_reference", type),
              .run = [=](const StepBuffers& buffers, kernels::Range) { reduce::sum(reduction, buffers.input<T>(), buffers.output<T>()); }};
}

template <typename T>
Step make_integer_mean_step(const mean::Reduction& reduction, const char* type) {
  return Step{.kernel = format("mean_{}_i64_reference", type),
              .scratch_bytes = reduction.output_elems * static_cast<int64_t>(sizeof(int64_t)),
              .run = [=](const StepBuffers& buffers, kernels::Range) {
                reduce::mean_integer(reduction, buffers.input<T>(), reinterpret_cast<int64_t*>(buffers.scratch), buffers.output<T>());
              }};
}

template <typename T>
Step make_quantized_sum_step(const reduce::QuantizedParams& params, std::string kernel) {
  return Step{.kernel = std::move(kernel),
              .scratch_bytes = params.reduction.output_elems * static_cast<int64_t>(sizeof(int32_t)),
              .run = [=](const StepBuffers& buffers, kernels::Range) {
                reduce::sum_quantized(params, buffers.input<T>(), reinterpret_cast<int32_t*>(buffers.scratch), buffers.output<T>());
              }};
}

bool is_quantized(DType type) {
  return type == DType::kInt8 || type == DType::kUInt8 || type == DType::kInt16;
}

/// MEAN and SUM of codes: what the multiplier is, and that the sum stays inside 32 bits.
Result<reduce::QuantizedParams> make_quantized_params(const OpContext& context, const mean::Reduction& reduction) {
  const graph::Tensor &x = context.input(0), &y = context.output();
  const int64_t most = x.type == DType::kInt16 ? 65535 : int64_t{1} << 23;  // 32768 * 65535 < 2^31, 255 * 2^23 < 2^31
  if (reduction.reduced_elems > most) {
    return context.fail(Code::kUnsupported, "it adds {} values, 32-bit sums of {} hold at most {}", reduction.reduced_elems,
                        graph::dtype_name(x.type), most);
  }
  const double rescale = numeric::requantize_rescale(tensor_scale(x), tensor_scale(y));
  const numeric::Multiplier ratio = std::isfinite(rescale) ? numeric::quantize_multiplier(rescale) : numeric::Multiplier{0, INT32_MAX};
  if (ratio.shift > numeric::kMaxShift) {
    return context.fail(Code::kOutOfRange, "input scale {} / output scale {} is at least 2^30", tensor_scale(x), tensor_scale(y));
  }
  return reduce::QuantizedParams{.reduction = reduction,
                                 .multiplier = context.op.kind == graph::OpKind::kSum
                                                   ? ratio
                                                   : mean::make_multiplier(tensor_scale(x), tensor_scale(y), reduction.reduced_elems),
                                 .input_zero_point = tensor_zero_point(x),
                                 .output_zero_point = tensor_zero_point(y)};
}

Step make_quantized_step(const OpContext& context, const reduce::QuantizedParams& params) {
  const char* name = context.op.kind == graph::OpKind::kSum ? "sum" : "mean";
  switch (context.output().type) {
    case DType::kUInt8:
      return make_quantized_sum_step<uint8_t>(params, format("{}_u8_i32_reference", name));
    case DType::kInt16:
      return make_quantized_sum_step<int16_t>(params, format("{}_i16_i32_reference", name));
    default:
      return make_quantized_sum_step<int8_t>(params, format("{}_i8_i32_reference", name));
  }
}

Step make_int8_mean_step(const OpContext& context, const reduce::QuantizedParams& params) {
  const mean::Int8Params own = {.reduction = params.reduction,
                                .multiplier = params.multiplier,
                                .input_zero_point = params.input_zero_point,
                                .output_zero_point = params.output_zero_point};
  mean::Block block;
  const mean::Int8BlockKernel* kernel = mean::find_int8_block_kernel(context.options.isa);
  if (kernel != nullptr && mean::find_block(own.reduction, &block)) {
    return Step{.kernel = format("mean_i8_i32_{}", kernel->isa_name),
                .units = block.outer,
                .run = [=, run = kernel->run](const StepBuffers& buffers, kernels::Range outer) {
                  run(own, block, outer, buffers.input<int8_t>(), buffers.output<int8_t>());
                }};
  }
  return Step{.kernel = "mean_i8_i32_reference",
              .scratch_bytes = own.reduction.output_elems * static_cast<int64_t>(sizeof(int32_t)),
              .run = [=](const StepBuffers& buffers, kernels::Range) {
                mean::mean_int8(own, buffers.input<int8_t>(), reinterpret_cast<int32_t*>(buffers.scratch), buffers.output<int8_t>());
              }};
}

Step make_float32_mean_step(const OpContext& context, const mean::Reduction& reduction) {
  mean::Block block;
  const mean::Float32BlockKernel* kernel = mean::find_float32_block_kernel(context.options.isa);
  if (kernel != nullptr && mean::find_block(reduction, &block)) {
    return Step{
        .kernel = kernel->name, .units = block.outer, .run = [block, run = kernel->run](const StepBuffers& buffers, kernels::Range outer) {
          run(block, outer, buffers.input<float>(), buffers.output<float>());
        }};
  }
  return Step{.kernel = "mean_f32_f32_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                mean::mean_float32(reduction, buffers.input<float>(), buffers.output<float>());
              }};
}

template <typename T>
Step make_arg_max_of(const OpContext& context, const reduce::Rows& rows, const char* type) {
  if (context.output().type == DType::kInt64) {
    return Step{.kernel = format("arg_max_{}_i64_reference", type), .run = [=](const StepBuffers& buffers, kernels::Range) {
                  reduce::arg_max(rows, buffers.input<T>(), buffers.output<int64_t>());
                }};
  }
  return Step{.kernel = format("arg_max_{}_i32_reference", type), .run = [=](const StepBuffers& buffers, kernels::Range) {
                reduce::arg_max(rows, buffers.input<T>(), buffers.output<int32_t>());
              }};
}

}  // namespace

Result<Step> make_mean_step(const OpContext& context) {
  LITEQAT_RETURN_IF_ERROR(require_rank(context));
  const mean::Reduction reduction = make_reduction(context);
  switch (context.output().type) {
    case DType::kFloat32:
      return make_float32_mean_step(context, reduction);
    case DType::kInt32:
      return make_integer_mean_step<int32_t>(reduction, "i32");
    case DType::kInt64:
      return make_integer_mean_step<int64_t>(reduction, "i64");
    default: {
      LITEQAT_ASSIGN_OR_RETURN(const reduce::QuantizedParams params, make_quantized_params(context, reduction));
      return context.output().type == DType::kInt8 ? make_int8_mean_step(context, params) : make_quantized_step(context, params);
    }
  }
}

Result<Step> make_sum_step(const OpContext& context) {
  LITEQAT_RETURN_IF_ERROR(require_rank(context));
  const mean::Reduction reduction = make_reduction(context);
  if (is_quantized(context.output().type)) {
    LITEQAT_ASSIGN_OR_RETURN(const reduce::QuantizedParams params, make_quantized_params(context, reduction));
    return make_quantized_step(context, params);
  }
  switch (context.output().type) {
    case DType::kInt32:
      return make_plain_sum_step<int32_t>(reduction, "i32");
    case DType::kInt64:
      return make_plain_sum_step<int64_t>(reduction, "i64");
    default:
      return make_plain_sum_step<float>(reduction, "f32");
  }
}

Result<Step> make_reduce_max_step(const OpContext& context) {
  LITEQAT_RETURN_IF_ERROR(require_rank(context));
  const mean::Reduction reduction = make_reduction(context);
  switch (context.output().type) {
    case DType::kInt8:
      return make_maximum_step<int8_t>(reduction, "i8");
    case DType::kUInt8:
      return make_maximum_step<uint8_t>(reduction, "u8");
    case DType::kInt16:
      return make_maximum_step<int16_t>(reduction, "i16");
    case DType::kInt32:
      return make_maximum_step<int32_t>(reduction, "i32");
    case DType::kInt64:
      return make_maximum_step<int64_t>(reduction, "i64");
    case DType::kBool:
      return make_maximum_step<bool>(reduction, "bool");
    default:
      return make_maximum_step<float>(reduction, "f32");
  }
}

Result<Step> make_arg_max_step(const OpContext& context) {
  const graph::Shape& shape = context.input(0).shape;
  const int32_t wanted = context.indices(1)[0], axis = wanted < 0 ? wanted + static_cast<int32_t>(shape.size()) : wanted;
  const auto at = shape.begin() + axis;
  const reduce::Rows rows = {
      .outer = graph::elem_count({shape.begin(), at}), .axis = *at, .inner = graph::elem_count({at + 1, shape.end()})};
  switch (context.input(0).type) {
    case DType::kInt8:
      return make_arg_max_of<int8_t>(context, rows, "i8");
    case DType::kUInt8:
      return make_arg_max_of<uint8_t>(context, rows, "u8");
    case DType::kInt32:
      return make_arg_max_of<int32_t>(context, rows, "i32");
    case DType::kBool:
      return make_arg_max_of<bool>(context, rows, "bool");
    default:
      return make_arg_max_of<float>(context, rows, "f32");
  }
}

}  // namespace liteqat::runtime
