// The definition, as plain loops over valid taps. Never optimized.
#include <algorithm>

#include "kernels/depthwise_conv2d/implementations.h"
#include "kernels/window_loops.h"

namespace liteqat::kernels::depthwise_conv2d {
namespace {

void run_float32(const Float32Params& params, Range rows, const float* input, float* output) {
  const Window& window = params.window;
  const int32_t depth_multiplier = window.out_c / window.in_c;
  for_outputs(window, rows, [&](int32_t image, int32_t out_y, int32_t out_x, int32_t channel, int64_t offset) {
    const int32_t in_c = channel / depth_multiplier;
    const bool columns = params.sum == numeric::FloatSum::kFused && depth_multiplier == 1;
    numeric::FloatAccumulator total(params.sum, params.bias == nullptr ? 0.0f : params.bias[channel]);
    for_valid_taps(window, image, out_y, out_x, columns ? TapOrder::kColumns : TapOrder::kRows, [&](int64_t in_pixel, int64_t tap) {
      total.add(input[in_pixel * window.in_c + in_c], params.weights[tap * window.out_c + channel]);
    });
    output[offset] = std::min(std::max(total.total(), params.clamp.low), params.clamp.high);
  });
}

void run_int8(const Int8Params& params, Range rows, const int8_t* input, int8_t* output) {
  const Window& window = params.window;
  const int32_t depth_multiplier = window.out_c / window.in_c;
  for_outputs(window, rows, [&](int32_t image, int32_t out_y, int32_t out_x, int32_t channel, int64_t offset) {
    const int32_t in_c = channel / depth_multiplier;
    int32_t accumulator = params.bias == nullptr ? 0 : params.bias[channel];
    for_valid_taps(window, image, out_y, out_x, [&](int64_t in_pixel, int64_t tap) {
      const int32_t real = input[in_pixel * window.in_c + in_c] - params.input_zero_point;
      accumulator = numeric::wrapping_add(accumulator, real * params.weights[tap * window.out_c + channel]);
    });
    const bool half_even = params.factors != nullptr;
    const numeric::Rescale rescale = half_even ? numeric::Rescale{.factor = static_cast<double>(params.factors[channel])}
                                               : numeric::Rescale{.multiplier = params.multipliers[channel]};
    const auto requantization = half_even ? numeric::Requantization::kFloatHalfEven : numeric::Requantization::kTwoRoundings;
    output[offset] = static_cast<int8_t>(numeric::requantize(requantization, accumulator, rescale, params.output_zero_point, params.clamp));
  });
}

constexpr Float32Kernel kFloat32 = make_reference_kernel("depthwise_conv2d_f32_f32_reference", window_rows<Float32Params>, run_float32);
constexpr Int8Kernel kInt8 = make_reference_kernel("depthwise_conv2d_i8_i32_reference", window_rows<Int8Params>, run_int8);

}  // namespace

const Float32Kernel& float32_reference() {
  return kFloat32;
}
const Int8Kernel& int8_reference() {
  return kInt8;
}

}  // namespace liteqat::kernels::depthwise_conv2d
