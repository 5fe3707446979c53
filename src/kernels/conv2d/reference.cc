// The definition, as plain loops over valid taps. Never optimized.
#include <algorithm>

#include "kernels/conv2d/implementations.h"
#include "kernels/window_loops.h"

namespace liteqat::kernels::conv2d {
namespace {

int64_t filter_elems(const Window& window) {
  return int64_t{window.filter_h} * window.filter_w * window.in_c;
}

void run_float32(const Float32Params& params, Range rows, const float* input, float* output) {
  const Window& window = params.window;
  for_outputs(window, rows, [&](int32_t image, int32_t out_y, int32_t out_x, int32_t channel, int64_t offset) {
    const float* weights = params.weights + channel * filter_elems(window);
    numeric::FloatAccumulator total(params.sum, params.bias == nullptr ? 0.0f : params.bias[channel]);
    for_valid_taps(window, image, out_y, out_x, [&](int64_t in_pixel, int64_t tap) {
      const float *in = input + in_pixel * window.in_c, *filter = weights + tap * window.in_c;
      for (int32_t in_c = 0; in_c < window.in_c; ++in_c) total.add(in[in_c], filter[in_c]);
    });
    output[offset] = std::min(std::max(total.total(), params.clamp.low), params.clamp.high);
  });
}

void run_int8(const Int8Params& params, Range rows, const int8_t* input, int8_t* output) {
  const Window& window = params.window;
  for_outputs(window, rows, [&](int32_t image, int32_t out_y, int32_t out_x, int32_t channel, int64_t offset) {
    const int8_t* weights = params.weights + channel * filter_elems(window);
    int32_t accumulator = params.bias == nullptr ? 0 : params.bias[channel];
    for_valid_taps(window, image, out_y, out_x, [&](int64_t in_pixel, int64_t tap) {
      const int8_t *in = input + in_pixel * window.in_c, *filter = weights + tap * window.in_c;
      for (int32_t in_c = 0; in_c < window.in_c; ++in_c) {
        accumulator = numeric::wrapping_add(accumulator, (in[in_c] - params.input_zero_point) * filter[in_c]);
      }
    });
    const bool half_even = params.factors != nullptr;
    const numeric::Rescale rescale = half_even ? numeric::Rescale{.factor = static_cast<double>(params.factors[channel])}
                                               : numeric::Rescale{.multiplier = params.multipliers[channel]};
    const auto requantization = half_even ? numeric::Requantization::kFloatHalfEven : numeric::Requantization::kTwoRoundings;
    output[offset] = static_cast<int8_t>(numeric::requantize(requantization, accumulator, rescale, params.output_zero_point, params.clamp));
  });
}

constexpr Float32Kernel kFloat32 = make_reference_kernel("conv2d_f32_f32_reference", window_rows<Float32Params>, run_float32);
constexpr Int8Kernel kInt8 = make_reference_kernel("conv2d_i8_i32_reference", window_rows<Int8Params>, run_int8);

}  // namespace

const Float32Kernel& float32_reference() {
  return kFloat32;
}
const Int8Kernel& int8_reference() {
  return kInt8;
}

}  // namespace liteqat::kernels::conv2d
