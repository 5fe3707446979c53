#include <algorithm>
#include <cmath>
#include <type_traits>

#include "kernels/resize/resize.h"

namespace liteqat::kernels::resize {
namespace {

constexpr int32_t kOne = 1 << 10;  // a pixel in fixed point

/// The two positions an output lies between, and the weight of the second: real, or in 1024ths. The weight of the first is the rest to one;
/// both can lie outside [0, 1] at the borders, where the two positions are the same.
template <typename Weight>
struct Between {
  int32_t low, high;
  Weight weight;
};

Between<float> between_real(int32_t position, int32_t in, int32_t out, const Params& params) {
  const bool corners = params.align_corners && out > 1;
  const float step = corners ? static_cast<float>(in - 1) / static_cast<float>(out - 1) : static_cast<float>(in) / static_cast<float>(out);
  const auto at = static_cast<float>(position);
  const float source = params.half_pixel_centers ? (at + 0.5f) * step - 0.5f : at * step;
  const int32_t low = std::clamp(static_cast<int32_t>(std::floor(source)), 0, in - 1);
  const int32_t high = std::min(static_cast<int32_t>(std::ceil(source)), in - 1);
  return {low, high, source - static_cast<float>(low)};
}

Between<int32_t> between_fixed(int32_t position, int32_t in, int32_t out, const Params& params) {
  const bool corners = params.align_corners && out > 1;
  const int32_t from = corners ? in - 1 : in, to = corners ? out - 1 : out;
  const int64_t step = (int64_t{kOne} * from + to / 2) / to;
  const int64_t source = params.half_pixel_centers ? position * step + step / 2 - kOne / 2 : position * step;
  const auto low = static_cast<int32_t>(std::clamp<int64_t>(source / kOne, 0, in - 1));
  const auto high = static_cast<int32_t>(std::min<int64_t>((source + kOne - 1) / kOne, in - 1));
  return {low, high, static_cast<int32_t>(source - int64_t{kOne} * low)};
}

/// The four neighbours of one output pixel, at channel 0.
template <typename T>
struct Corners {
  const T *top_left, *bottom_left, *top_right, *bottom_right;
};

template <typename T>
T blend(const Corners<T>& from, int32_t channel, float down, float right) {
  const auto value = [channel](const T* corner) { return static_cast<float>(corner[channel]); };
  constexpr float kHalf = std::is_integral_v<T> ? 0.5f : 0.0f;
  return static_cast<T>(value(from.top_left) * (1 - down) * (1 - right) + value(from.bottom_left) * down * (1 - right) +
                        value(from.top_right) * (1 - down) * right + value(from.bottom_right) * down * right + kHalf);
}

template <typename T>
T blend(const Corners<T>& from, int32_t channel, int32_t down, int32_t right) {
  const auto value = [channel](const T* corner) { return int64_t{corner[channel]}; };
  const int64_t up = kOne - down, left = kOne - right;
  const int64_t sum = value(from.top_left) * up * left + value(from.bottom_left) * down * left + value(from.top_right) * up * right +
                      value(from.bottom_right) * down * right;
  constexpr int64_t kHalf = int64_t{1} << 19;
  return static_cast<T>((sum > 0 ? sum + kHalf : sum - kHalf) / (int64_t{1} << 20));
}

template <typename T, typename Find>
void bilinear(const Params& params, Range rows, const T* input, T* output, const Find& find) {
  const int64_t pixel = params.channels, row = pixel * params.in_w;
  output += rows.begin * params.out_w * pixel;
  for (int64_t out_row = rows.begin; out_row < rows.end; ++out_row) {
    const T* image = input + out_row / params.out_h * params.in_h * row;
    const auto y = find(static_cast<int32_t>(out_row % params.out_h), params.in_h, params.out_h, params);
    for (int32_t out_x = 0; out_x < params.out_w; ++out_x) {
      const auto x = find(out_x, params.in_w, params.out_w, params);
      const T *top = image + y.low * row, *bottom = image + y.high * row;
      const Corners<T> corners = {top + x.low * pixel, bottom + x.low * pixel, top + x.high * pixel, bottom + x.high * pixel};
      for (int32_t channel = 0; channel < params.channels; ++channel) *output++ = blend(corners, channel, y.weight, x.weight);
    }
  }
}

}  // namespace

void bilinear_float32(const Params& params, Range rows, const float* input, float* output) {
  bilinear(params, rows, input, output, between_real);
}
void bilinear_uint8(const Params& params, Range rows, const uint8_t* input, uint8_t* output) {
  bilinear(params, rows, input, output, between_real);
}
void bilinear_int8(const Params& params, Range rows, const int8_t* input, int8_t* output) {
  bilinear(params, rows, input, output, between_fixed);
}
void bilinear_int16(const Params& params, Range rows, const int16_t* input, int16_t* output) {
  bilinear(params, rows, input, output, between_fixed);
}

int32_t nearest_position(int32_t position, int32_t in, int32_t out, bool align_corners, bool half_pixel_centers) {
  const float step = align_corners && out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                                              : static_cast<float>(in) / static_cast<float>(out);
  const float source = (static_cast<float>(position) + (half_pixel_centers ? 0.5f : 0.0f)) * step;
  return std::clamp(static_cast<int32_t>(align_corners ? std::round(source) : std::floor(source)), 0, in - 1);
}

}  // namespace liteqat::kernels::resize
