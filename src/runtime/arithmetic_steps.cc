// Steps of the operators with two operands: ADD, SUB, MUL, MAXIMUM, MINIMUM, PRELU.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/add/add.h"
#include "kernels/add/codes.h"
#include "kernels/add/floats.h"
#include "kernels/add/line.h"
#include "kernels/binary/binary.h"
#include "numeric/rescale.h"
#include "runtime/elementwise_steps.h"

namespace liteqat::runtime {
namespace {

namespace add = kernels::add;
namespace binary = kernels::binary;
using graph::DType;
using graph::OpKind;
using kernels::Broadcast;
using kernels::Range;

const char* verb(OpKind kind) {
  return kind == OpKind::kAdd ? "add" : kind == OpKind::kSub ? "sub" : "mul";
}

std::string kernel_name(const OpContext& context, const char* how = "") {
  return format("{}{}_{}_reference", verb(context.op.kind), how, short_type_name(context.output().type));
}

/// Without a bound TFLite still holds results inside the finite numbers: an infinite sum or product of float32 becomes the largest.
template <typename T>
Step make_plain_step(const OpContext& context, const Broadcast& broadcast) {
  constexpr T kLowest = std::numeric_limits<T>::lowest(), kHighest = std::numeric_limits<T>::max();
  const numeric::FloatClamp clamp = numeric::float_clamp(context.op.params_as<graph::ArithmeticParams>().activation);
  const auto bound = [](float value, T unbounded) { return std::isfinite(value) ? static_cast<T>(value) : unbounded; };
  const binary::PlainParams<T> params = {.broadcast = broadcast,
                                         .operation = context.op.kind == OpKind::kAdd   ? binary::Arithmetic::kAdd
                                                      : context.op.kind == OpKind::kSub ? binary::Arithmetic::kSubtract
                                                                                        : binary::Arithmetic::kMultiply,
                                         .low = bound(clamp.low, kLowest),
                                         .high = bound(clamp.high, kHighest)};
  return make_elementwise_step(context, kernel_name(context), [=](const StepBuffers& buffers, Range elems) {
    binary::compute_plain(params, elems, buffers.input<T>(), buffers.input<T>(1), buffers.output<T>());
  });
}

/// Numbers without a scale: float32, int32, int64, and int16 tensors that have none.
bool is_plain(const graph::Tensor& tensor) {
  return tensor.type == DType::kFloat32 || tensor.type == DType::kInt32 || tensor.type == DType::kInt64 ||
         (tensor.type == DType::kInt16 && tensor.quantization.empty());
}

Step make_plain_step(const OpContext& context, const Broadcast& broadcast) {
  switch (context.output().type) {
    case DType::kInt16:
      return make_plain_step<int16_t>(context, broadcast);
    case DType::kInt32:
      return make_plain_step<int32_t>(context, broadcast);
    case DType::kInt64:
      return make_plain_step<int64_t>(context, broadcast);
    default:
      return make_plain_step<float>(context, broadcast);
  }
}

/// All three scales are powers of two and the older int16 kernel is asked for.
bool wants_shifted_sum(const OpContext& context) {
  if (context.output().type != DType::kInt16 || !context.op.params_as<graph::ArithmeticParams>().power_of_two_int16) return false;
  return numeric::find_power_of_two(tensor_scale(context.input(0))) && numeric::find_power_of_two(tensor_scale(context.input(1))) &&
         numeric::find_power_of_two(tensor_scale(context.output()));
}

Result<Step> make_shifted_sum_step(const OpContext& context, const Broadcast& broadcast) {
  const int32_t y = *numeric::find_power_of_two(tensor_scale(context.output()));
  const int32_t a = *numeric::find_power_of_two(tensor_scale(context.input(0))) - y;
  const int32_t b = *numeric::find_power_of_two(tensor_scale(context.input(1))) - y;
  if (a > 0 || b > 0 || (a != 0 && b != 0) || std::min(a, b) < -31) {
    return context.fail(Code::kUnsupported,
                        "int16 scales {} and {} -> {} are powers of two: one input must have the output's scale, the other a finer one by "
                        "at most 2^31 (or clear pot_scale_int16)",
                        tensor_scale(context.input(0)), tensor_scale(context.input(1)), tensor_scale(context.output()));
  }
  const binary::ShiftedSumParams params = {.broadcast = broadcast,
                                           .a_right_shift = -a,
                                           .b_right_shift = -b,
                                           .subtract = context.op.kind == OpKind::kSub,
                                           .clamp = output_clamp(context, context.op.params_as<graph::ArithmeticParams>().activation)};
  return make_elementwise_step(context, kernel_name(context, "_shifted"), [=](const StepBuffers& buffers, Range elems) {
    binary::compute_shifted_sum(params, elems, buffers.input<int16_t>(), buffers.input<int16_t>(1), buffers.output<int16_t>());
  });
}

Result<binary::SumParams> make_sum_params(const OpContext& context, const Broadcast& broadcast) {
  const graph::Tensor &a = context.input(0), &b = context.input(1), &y = context.output();
  if (!std::isfinite(2.0f * std::max(tensor_scale(a), tensor_scale(b)))) {
    return context.fail(Code::kOutOfRange, "input scales {} and {}: twice the larger one must be finite", tensor_scale(a), tensor_scale(b));
  }
  const int32_t left_shift = y.type == DType::kInt16 ? numeric::kAddLeftShiftInt16 : numeric::kAddLeftShift;
  const double factor = 2.0 * static_cast<double>(std::max(tensor_scale(a), tensor_scale(b))) /
                        static_cast<double>(static_cast<float>(1 << left_shift) * tensor_scale(y));
  if (!(factor < 1)) {  // also where the product of output scale and 2^left_shift is infinite or the quotient is
    return context.fail(Code::kOutOfRange, "output scale {} is more than 2^{} times finer than the input scales {} and {}", tensor_scale(y),
                        left_shift - 1, tensor_scale(a), tensor_scale(b));
  }
  return binary::SumParams{.broadcast = broadcast,
                           .rescale = numeric::add_rescale(tensor_scale(a), tensor_scale(b), tensor_scale(y), left_shift),
                           .left_shift = left_shift,
                           .subtract = context.op.kind == OpKind::kSub,
                           .a_zero_point = tensor_zero_point(a),
                           .b_zero_point = tensor_zero_point(b),
                           .output_zero_point = tensor_zero_point(y),
                           .clamp = output_clamp(context, context.op.params_as<graph::ArithmeticParams>().activation)};
}

template <typename T>
Step make_sum_step(const OpContext& context, const binary::SumParams& params) {
  return make_elementwise_step(context, kernel_name(context), [=](const StepBuffers& buffers, Range elems) {
    binary::compute_sum(params, elems, buffers.input<T>(), buffers.input<T>(1), buffers.output<T>());
  });
}

// ADD of float32 and int8 has kernels of its own.
Step make_add_float32_step(const OpContext& context, const Broadcast& broadcast) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  const numeric::FloatClamp bounds = numeric::float_clamp(context.op.params_as<graph::ArithmeticParams>().activation);
  const numeric::FloatClamp clamp = {std::max(bounds.low, -kLargest), std::min(bounds.high, kLargest)};
  const graph::Shape& shape = context.output().shape;
  if (context.input(0).shape == shape && context.input(1).shape == shape) {
    const add::FloatsKernel& kernel = add::find_floats_kernel(context.options.isa);
    return make_elementwise_step(context, kernel.name, [clamp, run = kernel.run](const StepBuffers& buffers, Range elems) {
      run(clamp, elems.end - elems.begin, buffers.input<float>() + elems.begin, buffers.input<float>(1) + elems.begin,
          buffers.output<float>() + elems.begin);
    });
  }
  return make_elementwise_step(context, "add_f32_reference", [=](const StepBuffers& buffers, Range elems) {
    add::add_float32(broadcast, clamp, elems, buffers.input<float>(), buffers.input<float>(1), buffers.output<float>());
  });
}

/// body(a, b, output, count) on neighbouring codes.
template <typename Body>
Step make_codes_step(const OpContext& context, const char* kernel, Body body) {
  return make_elementwise_step(context, kernel, [body = std::move(body)](const StepBuffers& buffers, Range elems) {
    body(elems.end - elems.begin, buffers.input<int8_t>() + elems.begin, buffers.input<int8_t>(1) + elems.begin,
         buffers.output<int8_t>() + elems.begin);
  });
}

/// Operands of one shape.
Step make_add_codes_step(const OpContext& context, const binary::SumParams& sum) {
  constexpr int64_t kLeastForLine = 1024;  // below, finding the line takes longer than thousands of runs save
  const add::CodesParams params = {.rescale = sum.rescale,
                                   .a_zero_point = sum.a_zero_point,
                                   .b_zero_point = sum.b_zero_point,
                                   .output_zero_point = sum.output_zero_point,
                                   .clamp = sum.clamp};
  add::Line line;
  const add::LineKernel* along_line =
      context.output_elems() < kLeastForLine ? nullptr : add::find_line_kernel(params, context.options.isa, &line);
  if (along_line != nullptr) {
    return make_codes_step(
        context, along_line->name,
        [line, run = along_line->run](int64_t count, const int8_t* a, const int8_t* b, int8_t* output) { run(line, count, a, b, output); });
  }
  const add::CodesKernel& kernel = add::find_codes_kernel(context.options.isa);
  return make_codes_step(context, kernel.name, [params, run = kernel.run](int64_t count, const int8_t* a, const int8_t* b, int8_t* output) {
    run(params, count, a, b, output);
  });
}

Step make_add_int8_step(const OpContext& context, const binary::SumParams& sum) {
  const graph::Shape& shape = context.output().shape;
  const bool shrinks = sum.rescale.output.shift <= 0;  // a factor just below 1 may be rounded to 1
  if (shrinks && context.input(0).shape == shape && context.input(1).shape == shape) return make_add_codes_step(context, sum);
  const add::Int8Params params = {.broadcast = sum.broadcast,
                                  .rescale = sum.rescale,
                                  .a_zero_point = sum.a_zero_point,
                                  .b_zero_point = sum.b_zero_point,
                                  .output_zero_point = sum.output_zero_point,
                                  .clamp = sum.clamp};
  return Step{.kernel = "add_i8_i32_reference", .run = [=](const StepBuffers& buffers, Range) {
                add::add_int8(params, buffers.input<int8_t>(), buffers.input<int8_t>(1), buffers.output<int8_t>());
              }};
}

template <typename T>
Step make_product_step(const OpContext& context, const binary::ProductParams& params) {
  return make_elementwise_step(context, kernel_name(context), [=](const StepBuffers& buffers, Range elems) {
    binary::compute_product(params, elems, buffers.input<T>(), buffers.input<T>(1), buffers.output<T>());
  });
}

/// Along stretches where there is a kernel for them; a walk over short ones costs more than its elements.
Step make_int8_product_step(const OpContext& context, const binary::ProductParams& params) {
  constexpr int32_t kLeastStretch = 8;
  const size_t inner = kernels::kMaxRank - 1;
  const binary::ProductKernel* kernel = binary::find_product_kernel(context.options.isa);
  if (kernel == nullptr || params.broadcast.extents[inner] < kLeastStretch) return make_product_step<int8_t>(context, params);
  return make_elementwise_step(context, kernel->name, [=, run = kernel->run](const StepBuffers& buffers, Range elems) {
    const auto *a = buffers.input<int8_t>(), *b = buffers.input<int8_t>(1);
    const int64_t a_step = params.broadcast.a[inner], b_step = params.broadcast.b[inner];
    auto* output = buffers.output<int8_t>();
    kernels::for_stretches(params.broadcast, elems, [&](int64_t a_offset, int64_t b_offset, int64_t offset, int64_t count) {
      run(params, count, a + a_offset, a_step, b + b_offset, b_step, output + offset);
    });
  });
}

template <typename T>
Step make_extremum_step(const OpContext& context, const Broadcast& broadcast) {
  const bool largest = context.op.kind == OpKind::kMaximum;
  const auto compute = largest ? binary::compute_maximum<T> : binary::compute_minimum<T>;
  return make_elementwise_step(context, format("{}_{}_reference", largest ? "maximum" : "minimum", short_type_name(context.output().type)),
                               [=](const StepBuffers& buffers, Range elems) {
                                 compute(broadcast, elems, buffers.input<T>(), buffers.input<T>(1), buffers.output<T>());
                               });
}

template <typename T, typename Alpha>
Step make_prelu_step(const OpContext& context, const binary::PreluParams& params) {
  return make_elementwise_step(context, format("prelu_{}_reference", short_type_name(context.output().type)),
                               [=](const StepBuffers& buffers, Range elems) {
                                 binary::compute_prelu(params, elems, buffers.input<T>(), buffers.input<Alpha>(1), buffers.output<T>());
                               });
}

}  // namespace

Result<Step> make_add_step(const OpContext& context) {
  LITEQAT_ASSIGN_OR_RETURN(const Broadcast broadcast, make_broadcast(context));
  if (context.op.kind == OpKind::kAdd && context.output().type == DType::kFloat32) return make_add_float32_step(context, broadcast);
  if (is_plain(context.output())) return make_plain_step(context, broadcast);
  if (wants_shifted_sum(context)) return make_shifted_sum_step(context, broadcast);
  LITEQAT_ASSIGN_OR_RETURN(const binary::SumParams params, make_sum_params(context, broadcast));
  switch (context.output().type) {
    case DType::kUInt8:
      return make_sum_step<uint8_t>(context, params);
    case DType::kInt16:
      return make_sum_step<int16_t>(context, params);
    default:
      return context.op.kind == OpKind::kAdd ? make_add_int8_step(context, params) : make_sum_step<int8_t>(context, params);
  }
}

Result<Step> make_mul_step(const OpContext& context) {
  LITEQAT_ASSIGN_OR_RETURN(const Broadcast broadcast, make_broadcast(context));
  if (is_plain(context.output())) return make_plain_step(context, broadcast);
  const graph::Tensor &a = context.input(0), &b = context.input(1), &y = context.output();
  const double factor = numeric::product_rescale(tensor_scale(a), tensor_scale(b), tensor_scale(y));
  LITEQAT_ASSIGN_OR_RETURN(const numeric::Multiplier multiplier,
                           make_multiplier(context, factor, "the product of the input scales / output scale"));
  const binary::ProductParams params = {.broadcast = broadcast,
                                        .multiplier = multiplier,
                                        .a_zero_point = tensor_zero_point(a),
                                        .b_zero_point = tensor_zero_point(b),
                                        .output_zero_point = tensor_zero_point(y),
                                        .clamp = output_clamp(context, context.op.params_as<graph::ArithmeticParams>().activation)};
  switch (y.type) {
    case DType::kUInt8:
      return make_product_step<uint8_t>(context, params);
    case DType::kInt16:
      return make_product_step<int16_t>(context, params);
    default:
      return make_int8_product_step(context, params);
  }
}

Result<Step> make_extremum_step(const OpContext& context) {
  LITEQAT_ASSIGN_OR_RETURN(const Broadcast broadcast, make_broadcast(context));
  switch (context.output().type) {
    case DType::kInt8:
      return make_extremum_step<int8_t>(context, broadcast);
    case DType::kUInt8:
      return make_extremum_step<uint8_t>(context, broadcast);
    case DType::kInt16:
      return make_extremum_step<int16_t>(context, broadcast);
    case DType::kInt32:
      return make_extremum_step<int32_t>(context, broadcast);
    case DType::kInt64:
      return make_extremum_step<int64_t>(context, broadcast);
    default:
      return make_extremum_step<float>(context, broadcast);
  }
}

Result<Step> make_prelu_step(const OpContext& context) {
  LITEQAT_ASSIGN_OR_RETURN(const Broadcast broadcast, make_broadcast(context));
  const graph::Tensor &x = context.input(0), &alpha = context.input(1), &y = context.output();
  if (y.type == DType::kFloat32) {
    return make_elementwise_step(context, "prelu_f32_reference", [=](const StepBuffers& buffers, Range elems) {
      binary::compute_prelu_float32(broadcast, elems, buffers.input<float>(), buffers.input<float>(1), buffers.output<float>());
    });
  }
  const double positive_factor = numeric::activation_rescale(tensor_scale(x), tensor_scale(y));
  const double negative_factor = numeric::product_rescale(tensor_scale(x), tensor_scale(alpha), tensor_scale(y));
  LITEQAT_ASSIGN_OR_RETURN(const numeric::Multiplier positive, make_multiplier(context, positive_factor, "input scale / output scale"));
  LITEQAT_ASSIGN_OR_RETURN(const numeric::Multiplier negative,
                           make_multiplier(context, negative_factor, "input scale * alpha's scale / output scale"));
  const binary::PreluParams params = {.broadcast = broadcast,
                                      .positive = positive,
                                      .negative = negative,
                                      .input_zero_point = tensor_zero_point(x),
                                      .alpha_zero_point = tensor_zero_point(alpha),
                                      .output_zero_point = tensor_zero_point(y)};
  switch (y.type) {
    case DType::kUInt8:
      return make_prelu_step<uint8_t, uint8_t>(context, params);
    case DType::kInt16:
      return make_prelu_step<int16_t, int8_t>(context, params);
    default:
      return make_prelu_step<int8_t, int8_t>(context, params);
  }
}

}  // namespace liteqat::runtime
