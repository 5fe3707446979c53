#include <cmath>

#include "kernels/softmax/softmax.h"
#include "runtime/step.h"

namespace liteqat::runtime {
namespace {

namespace softmax = kernels::softmax;
using graph::DType;

}  // namespace

Result<Step> make_softmax_step(const OpContext& context) {
  const graph::Shape& shape = context.input(0).shape;
  const softmax::Rows rows = {.rows = context.output_elems() / shape.back(), .columns = shape.back()};
  const float beta = context.op.params_as<graph::SoftmaxParams>().beta;
  if (context.output().type == DType::kFloat32) {
    return Step{.kernel = "softmax_f32_f32_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                  softmax::softmax_float32(rows, beta, buffers.input<float>(), buffers.output<float>());
                }};
  }
  constexpr float kOutputScale = 1.0f / 256.0f;  // within 0.1 %, as TFLite's kernel demands
  if (std::abs(tensor_scale(context.output()) - kOutputScale) > 0.001f * kOutputScale || tensor_zero_point(context.output()) != -128) {
    return context.fail(Code::kMismatch, "an int8 output must have scale 1/256 and zero point -128, found {} and {}",
                        tensor_scale(context.output()), tensor_zero_point(context.output()));
  }
  if (!(beta > 0)) return context.fail(Code::kUnsupported, "beta must be positive for int8, found {}", beta);
  const softmax::Int8Params params = softmax::make_int8_params(rows, beta, tensor_scale(context.input(0)));
  if (params.multiplier.shift < 0) {
    return context.fail(Code::kOutOfRange, "beta {} * input scale {} is below 2^-26", beta, tensor_scale(context.input(0)));
  }
  return Step{.kernel = "softmax_i8_i32_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                softmax::softmax_int8(params, buffers.input<int8_t>(), buffers.output<int8_t>());
              }};
}

}  // namespace liteqat::runtime
