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

template <typename Elem>
void average_pool(const Window& window, numeric::IntClamp clamp, Range rows, const Elem* input, Elem* output) {
  for_outputs(window, rows, [&](int32_t image, int32_t out_y, int32_t out_x, int32_t channel, int64_t offset) {
    int32_t sum = 0, count = 0;
    for_valid_taps(window, image, out_y, out_x, [&](int64_t in_pixel, int64_t) {
      sum += input[in_pixel * window.in_c + channel];
      ++count;
    });
    const int32_t half = count / 2;
    const int32_t average = (sum > 0 ? sum + half : sum - half) / count;
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
  const int64_t channels = window.in_c;
  output += rows.begin * window.out_w * channels;
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const auto image = static_cast<int32_t>(row / window.out_h), out_y = static_cast<int32_t>(row % window.out_h);
    for (int32_t out_x = 0; out_x < window.out_w; ++out_x, output += channels) {
      std::fill_n(output, channels, 0.0f);
      int32_t count = 0;
      for_valid_taps(window, image, out_y, out_x, [&](int64_t in_pixel, int64_t) {
        const float* taps = input + in_pixel * channels;
        for (int64_t channel = 0; channel < channels; ++channel) output[channel] += taps[channel];
        ++count;
      });
      for (int64_t channel = 0; channel < channels; ++channel) {
        output[channel] = std::min(std::max(output[channel] / static_cast<float>(count), clamp.low), clamp.high);
      }
    }
  }
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
