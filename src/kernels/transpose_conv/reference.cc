#include <algorithm>
#include <type_traits>

#include "kernels/transpose_conv/transpose_conv.h"
#include "kernels/window_loops.h"

namespace liteqat::kernels::transpose_conv {
namespace {

/// The inputs along one axis that reach an output: position * stride + tap = output + pad, 0 <= tap < filter.
struct Reach {
  int32_t first, last;  // positions, both included; empty where first > last
};
Reach reach(int32_t output, int32_t pad, int32_t stride, int32_t filter, int32_t extent) {
  const int32_t sum = output + pad, beyond = sum - filter;
  return {.first = beyond < 0 ? 0 : beyond / stride + 1, .last = std::min(sum / stride, extent - 1)};
}

/// Calls tap(input offset, weight offset) for every product that an output sums, input pixels ascending or descending.
template <typename Tap>
void for_taps(const Window& window, int32_t image, int32_t out_y, int32_t out_x, int32_t channel, bool descending, const Tap& tap) {
  const Reach rows = reach(out_y, window.pad_top, window.stride_h, window.filter_h, window.in_h);
  const Reach columns = reach(out_x, window.pad_left, window.stride_w, window.filter_w, window.in_w);
  const int32_t pixels_y = rows.last - rows.first + 1, pixels_x = columns.last - columns.first + 1;
  for (int32_t pixel_y = 0; pixel_y < pixels_y; ++pixel_y) {
    const int32_t y = descending ? rows.last - pixel_y : rows.first + pixel_y;
    for (int32_t pixel_x = 0; pixel_x < pixels_x; ++pixel_x) {
      const int32_t x = descending ? columns.last - pixel_x : columns.first + pixel_x;
      const int64_t tap_y = out_y + window.pad_top - y * window.stride_h, tap_x = out_x + window.pad_left - x * window.stride_w;
      const int64_t in = ((int64_t{image} * window.in_h + y) * window.in_w + x) * window.in_c;
      const int64_t weight = ((int64_t{channel} * window.filter_h + tap_y) * window.filter_w + tap_x) * window.in_c;
      for (int32_t in_c = 0; in_c < window.in_c; ++in_c) tap(in + in_c, weight + in_c);
    }
  }
}

}  // namespace

template <typename Elem, typename Weight, typename Bias>
void run(const weighted::Params& params, Range rows, const Elem* input, const Weight* weights, const Bias* bias, Elem* output) {
  using Accumulator = std::make_unsigned_t<Bias>;  // wraps
  for_outputs(params.window, rows, [&](int32_t image, int32_t out_y, int32_t out_x, int32_t channel, int64_t offset) {
    auto accumulator = static_cast<Accumulator>(bias == nullptr ? 0 : bias[channel]);
    for_taps(params.window, image, out_y, out_x, channel, false, [&](int64_t in, int64_t weight) {
      const int32_t product = (input[in] - params.input_zero_point) * (weights[weight] - params.weight_zero_point);
      accumulator += static_cast<Accumulator>(product);
    });
    output[offset] = static_cast<Elem>(numeric::requantize(params.requantization, static_cast<Bias>(accumulator), params.rescales[channel],
                                                           params.output_zero_point, params.clamp));
  });
}

void run_float32(const weighted::FloatParams& params, Range rows, const float* input, const float* weights, const float* bias,
                 float* output) {
  for_outputs(params.window, rows, [&](int32_t image, int32_t out_y, int32_t out_x, int32_t channel, int64_t offset) {
    numeric::FloatAccumulator total(params.sum, bias == nullptr ? 0.0f : bias[channel]);
    for_taps(params.window, image, out_y, out_x, channel, params.sum == numeric::FloatSum::kFused,
             [&](int64_t in, int64_t weight) { total.add(input[in], weights[weight]); });
    output[offset] = std::min(std::max(total.total(), params.clamp.low), params.clamp.high);
  });
}

template void run(const weighted::Params&, Range, const int8_t*, const int8_t*, const int32_t*, int8_t*);
template void run(const weighted::Params&, Range, const uint8_t*, const uint8_t*, const int32_t*, uint8_t*);
template void run(const weighted::Params&, Range, const int16_t*, const int8_t*, const int32_t*, int16_t*);
template void run(const weighted::Params&, Range, const int16_t*, const int8_t*, const int64_t*, int16_t*);

}  // namespace liteqat::kernels::transpose_conv
