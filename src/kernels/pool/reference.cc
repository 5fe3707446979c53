#include <algorithm>
#include <limits>

#include "kernels/pool/pool.h"
#include "kernels/window_loops.h"

namespace liteqat::kernels::pool {
namespace {

template <typename Elem, typename Clamp>
void max_pool(const Window& window, const Clamp& clamp, Range rows, const Elem* input, Elem* output) {
  for_outputs(window, rows, [&](int32_t image, int32_t out_y, int32_t out_x, int32_t channel, int64_t offset) {
    Elem largest = std::numeric_limits<Elem>::lowest();
    for_valid_taps(window, image, out_y, out_x,
                   [&](int64_t in_pixel, int64_t) { largest = std::max(largest, input[in_pixel * window.in_c + channel]); });
    using Wide = decltype(clamp.low);
    output[offset] = static_cast<Elem>(std::min<Wide>(std::max<Wide>(largest, clamp.low), clamp.high));
  });
}

/// Sum and number of the valid taps of one output.
template <typename Sum, typename Elem>
struct TapSum {
  Sum sum = 0;
  int32_t count = 0;

  TapSum(const Window& window, const Elem* input, int32_t image, int32_t out_y, int32_t out_x, int32_t channel) {
    for_valid_taps(window, image, out_y, out_x, [&](int64_t in_pixel, int64_t) {
      sum += input[in_pixel * window.in_c + channel];
      ++count;
    });
  }
};

template <typename Elem>
void average_pool(const Window& window, numeric::IntClamp clamp, Range rows, const Elem* input, Elem* output) {
  for_outputs(window, rows, [&](int32_t image, int32_t out_y, int32_t out_x, int32_t channel, int64_t offset) {
    const TapSum<int32_t, Elem> taps(window, input, image, out_y, out_x, channel);
    const int32_t half = taps.count / 2;
    const int32_t average = (taps.sum > 0 ? taps.sum + half : taps.sum - half) / taps.count;
    output[offset] = static_cast<Elem>(std::clamp(average, clamp.low, clamp.high));
  });
}

}  // namespace

void max_pool_float32(const Window& window, numeric::FloatClamp clamp, Range rows, const float* input, float* output) {
  max_pool(window, clamp, rows, input, output);
}
void max_pool_int8(const Window& window, numeric::IntClamp clamp, Range rows, const int8_t* input, int8_t* output) {
  max_pool(window, clamp, rows, input, output);
}
void max_pool_uint8(const Window& window, numeric::IntClamp clamp, Range rows, const uint8_t* input, uint8_t* output) {
  max_pool(window, clamp, rows, input, output);
}
void max_pool_int16(const Window& window, numeric::IntClamp clamp, Range rows, const int16_t* input, int16_t* output) {
  max_pool(window, clamp, rows, input, output);
}

void average_pool_float32(const Window& window, numeric::FloatClamp clamp, Range rows, const float* input, float* output) {
  for_outputs(window, rows, [&](int32_t image, int32_t out_y, int32_t out_x, int32_t channel, int64_t offset) {
    const TapSum<float, float> taps(window, input, image, out_y, out_x, channel);
    const float average = taps.sum / static_cast<float>(taps.count);
    output[offset] = std::min(std::max(average, clamp.low), clamp.high);
  });
}
void average_pool_int8(const Window& window, numeric::IntClamp clamp, Range rows, const int8_t* input, int8_t* output) {
  average_pool(window, clamp, rows, input, output);
}
void average_pool_uint8(const Window& window, numeric::IntClamp clamp, Range rows, const uint8_t* input, uint8_t* output) {
  average_pool(window, clamp, rows, input, output);
}
void average_pool_int16(const Window& window, numeric::IntClamp clamp, Range rows, const int16_t* input, int16_t* output) {
  average_pool(window, clamp, rows, input, output);
}

}  // namespace liteqat::kernels::pool
