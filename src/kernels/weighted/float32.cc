#include "kernels/weighted/float32.h"

#include <algorithm>
#include <cmath>

#include "kernels/weighted/taps.h"
#include "numeric/rounding.h"

namespace liteqat::kernels::weighted {
namespace {

int64_t round_away(float value) {
  return numeric::round_half_away(static_cast<double>(value));
}

/// values times inverse, rounded as the variant rounds, plus zero point, clamped to [low, 127].
void to_codes(InputQuantization how, int64_t count, const float* values, float inverse, int32_t zero_point, int32_t low, int8_t* codes) {
  const int64_t grouped = how == InputQuantization::kVector ? count / 8 * 8 : 0;
  for (int64_t index = 0; index < count; ++index) {
    const float scaled = values[index] * inverse;
    int64_t code = 0;
    if (index < grouped) {
      code = zero_point + static_cast<int64_t>(std::trunc(std::clamp(scaled + (scaled < 0 ? -0.5f : 0.5f), -1024.0f, 1024.0f)));
    } else if (how == InputQuantization::kVector) {
      code = zero_point + round_away(scaled);
    } else {
      code = round_away(static_cast<float>(zero_point) + scaled);
    }
    codes[index] = static_cast<int8_t>(numeric::clamp_to_int(code, low, 127));
  }
}

float held(float value, numeric::FloatClamp clamp) {
  return std::min(std::max(value, clamp.low), clamp.high);
}

}  // namespace

void run_float32(const FloatParams& params, Range rows, const float* input, const float* weights, const float* bias, float* output) {
  const Window& window = params.window;
  const bool depthwise = params.channels.depthwise || (params.channels.groups > 1 && params.channels.groups == window.in_c);
  const bool columns = params.sum == numeric::FloatSum::kFused && depthwise && window.out_c == window.in_c;
  for_weighted_outputs(
      window, params.channels, rows,
      [&](const auto& taps, int32_t channel, int64_t offset) {
        numeric::FloatAccumulator total(params.sum, bias == nullptr ? 0.0f : bias[channel]);
        taps([&](int64_t in, int64_t weight) { total.add(input[in], weights[weight]); });
        output[offset] = held(total.total(), params.clamp);
      },
      columns ? TapOrder::kColumns : TapOrder::kRows);
}

DynamicRange quantize_symmetric(InputQuantization how, int64_t count, const float* values, int8_t* codes) {
  float largest = 0;
  for (int64_t index = 0; index < count; ++index) largest = std::max(largest, std::abs(values[index]));
  if (largest == 0) {
    std::fill_n(codes, count, int8_t{0});
    return {};
  }
  to_codes(how, count, values, 127.0f / largest, 0, -127, codes);
  return {.scale = largest / 127.0f, .zero_point = 0};
}

DynamicRange quantize_asymmetric(InputQuantization how, int64_t count, const float* values, int8_t* codes) {
  float smallest = 0, largest = 0;
  for (int64_t index = 0; index < count; ++index) {
    smallest = std::min(smallest, values[index]);
    largest = std::max(largest, values[index]);
  }
  if (smallest == largest) {
    std::fill_n(codes, count, int8_t{0});
    return {};
  }
  const double low = smallest, high = largest;
  const double width = how == InputQuantization::kVector ? static_cast<double>(largest - smallest) : high - low;
  const double scale = width / 255.0;
  const double from_low = -128 - low / scale, from_high = 127 - high / scale;
  const bool low_is_nearer = 128 + std::abs(low / scale) < 127 + std::abs(high / scale);
  const double zero_point = std::clamp(low_is_nearer ? from_low : from_high, -128.0, 127.0);
  const DynamicRange range = {.scale = static_cast<float>(scale), .zero_point = static_cast<int32_t>(std::round(zero_point))};
  to_codes(how, count, values, 1.0f / range.scale, range.zero_point, -128, codes);
  return range;
}

int64_t hybrid_scratch_bytes(const HybridParams& params) {
  return int64_t{params.window.in_h} * params.window.in_w * params.window.in_c;
}

void run_hybrid(const HybridParams& params, Range images, const float* input, const int8_t* weights, const float* bias, float* output,
                std::byte* scratch) {
  Window window = params.window;
  window.batch = 1;
  auto* codes = reinterpret_cast<int8_t*>(scratch);
  const int64_t in_elems = hybrid_scratch_bytes(params), out_elems = int64_t{window.out_h} * window.out_w * window.out_c;
  const auto quantize = params.symmetric_input ? quantize_symmetric : quantize_asymmetric;
  for (int64_t image = images.begin; image < images.end; ++image) {
    const DynamicRange range = quantize(params.input_quantization, in_elems, input + image * in_elems, codes);
    float* results = output + image * out_elems;
    for_weighted_outputs(window, params.channels, {0, window.out_rows()}, [&](const auto& taps, int32_t channel, int64_t offset) {
      int32_t accumulator = 0;
      taps([&](int64_t in, int64_t weight) {
        accumulator = numeric::wrapping_add(accumulator, (codes[in] - range.zero_point) * weights[weight]);
      });
      const float scale = params.weight_scales[channel], whole = static_cast<float>(accumulator);
      const float product = params.product == HybridProduct::kScalesFirst ? whole * (scale * range.scale) : whole * scale * range.scale;
      results[offset] = held(bias == nullptr ? product : product + bias[channel], params.clamp);
    });
  }
}

}  // namespace liteqat::kernels::weighted
