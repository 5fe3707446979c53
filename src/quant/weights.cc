#include "quant/weights.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace liteqat::quant {

using graph::OpKind;

namespace {

constexpr int32_t kWeightLow = -127, kWeightHigh = 127;  // -128 is excluded by the int8 specification
/// kBiasMax of tflite/converter/quantization/common/quantization_lib/quantization_driver.cc: room for the accumulator.
constexpr double kBiasMax = std::numeric_limits<int32_t>::max() / 2;

bool usable_scale(double scale) {
  const float stored = static_cast<float>(scale);
  return std::isfinite(stored) && stored > 0.0f;
}

}  // namespace

bool has_weights(OpKind kind) {
  return kind == OpKind::kConv2D || kind == OpKind::kDepthwiseConv2D || kind == OpKind::kFullyConnected;
}

bool keeps_parameters(OpKind kind) {
  return kind == OpKind::kPad || kind == OpKind::kReshape || kind == OpKind::kMaxPool2D || kind == OpKind::kAveragePool2D;
}

int32_t output_axis(OpKind kind) {
  return kind == OpKind::kDepthwiseConv2D ? 3 : 0;
}

ChannelIndex::ChannelIndex(const graph::Shape& shape, int32_t channels, int32_t axis) : channels_(static_cast<size_t>(channels)) {
  if (channels == 1) return;
  LITEQAT_CHECK(axis >= 0 && axis < static_cast<int32_t>(shape.size()));
  LITEQAT_CHECK_EQ(shape[static_cast<size_t>(axis)], channels);
  for (size_t inner = static_cast<size_t>(axis) + 1; inner < shape.size(); ++inner) inner_ *= static_cast<size_t>(shape[inner]);
}

namespace {

/// The number of scales the integer tensor has.
int32_t count_scales(const WeightSource& source) {
  const bool per_channel = source.quantizer.per_channel_operator || source.quantizer.channels > 1;
  return per_channel ? source.weights.shape[static_cast<size_t>(output_axis(source.kind))] : 1;
}

size_t range_index(const Quantizer& quantizer, size_t channel) {
  return quantizer.channels == 1 ? 0 : channel;
}

/// Index of the first value that is not finite, values.size() if all are.
size_t find_non_finite(std::span<const float> values) {
  constexpr uint32_t kMagnitude = 0x7fffffff, kLowestExponentBit = 0x00800000, kCarry = 0x80000000;
  uint32_t carries = 0;  // an exponent of ones, and no other, carries into the sign
  for (float value : values) carries |= (std::bit_cast<uint32_t>(value) & kMagnitude) + kLowestExponentBit;
  if ((carries & kCarry) == 0) return values.size();
  return static_cast<size_t>(std::ranges::find_if(values, [](float value) { return !std::isfinite(value); }) - values.begin());
}

/// A fake-quantized value is a whole number of steps of range.scale, rounded to float32. On a scale that agrees with it to 1/512 it is
/// steps * (1 + e), |e| < 1/512 + 2^-23: up to 128 that rounds to the steps again, and beyond both are clamped alike. The codes can be
/// counted without a division in double.
bool counts_steps(const numeric::FakeQuantParams& range, double scale) {
  return !range.all_zero && std::abs(static_cast<double>(range.scale) / scale - 1) < 1.0 / 512;
}

/// floor(x) of |x| < 2^31, in steps that every instruction set has for vectors.
int32_t floor_int(float x) {
  const auto truncated = static_cast<int32_t>(x);
  return truncated - (static_cast<float>(truncated) > x ? 1 : 0);
}

/// The step that numeric::fake_quantize, or fake_quantize_per_channel, rounds to; range_at(i): range of element i.
template <bool kPerChannel, typename RangeAt>
void count_steps(const float* __restrict values, size_t count, const RangeAt& range_at, int8_t* __restrict codes) {
  for (size_t i = 0; i < count; ++i) {
    const auto [low, high, scale, inverse_scale, zero] = range_at(i);
    const float inside = values[i] < high ? values[i] : high;
    const float shifted = (inside < low ? low : inside) - low;
    const int32_t steps = floor_int((kPerChannel ? shifted * inverse_scale : shifted / scale) - zero + 0.5f);
    codes[i] = static_cast<int8_t>(steps < kWeightLow ? kWeightLow : steps > kWeightHigh ? kWeightHigh : steps);
  }
}

struct StepRange {
  float low, high, scale, inverse_scale, zero;
};

/// Ranges with channels innermost.
struct StepRanges {
  std::vector<float> low, high, scale, inverse_scale, zero;

  explicit StepRanges(const std::vector<numeric::FakeQuantParams>& ranges) {
    for (const numeric::FakeQuantParams& range : ranges) {
      low.push_back(range.nudged_min), high.push_back(range.nudged_max);
      scale.push_back(range.scale), inverse_scale.push_back(range.inverse_scale), zero.push_back(range.quant_zero);
    }
  }
};

template <bool kPerChannel>
void count_all_steps(std::span<const float> values, const ChannelIndex& channel_of, const std::vector<numeric::FakeQuantParams>& ranges,
                     int8_t* codes) {
  const StepRanges rows(ranges);
  const float *low = rows.low.data(), *high = rows.high.data(), *scale = rows.scale.data(), *inverse_scale = rows.inverse_scale.data(),
              *zero = rows.zero.data();
  channel_of.for_runs(
      values.size(),
      [&](size_t begin, size_t count, size_t channel) {
        const StepRange range = {low[channel], high[channel], scale[channel], inverse_scale[channel], zero[channel]};
        count_steps<kPerChannel>(
            values.data() + begin, count, [&](size_t) { return range; }, codes + begin);
      },
      [&](size_t begin) {
        const auto range_at = [=](size_t i) { return StepRange{low[i], high[i], scale[i], inverse_scale[i], zero[i]}; };
        count_steps<kPerChannel>(values.data() + begin, ranges.size(), range_at, codes + begin);
      });
}

}  // namespace

Result<IntegerWeights> quantize_weights(const WeightSource& source) {
  const Quantizer& quantizer = source.quantizer;
  const std::span<const float> values = source.weights.as<float>();
  if (const size_t i = find_non_finite(values); i < values.size()) {
    return error(Code::kOutOfRange, "tensor \"{}\": element {} is {}, expected a finite weight", source.weights.name, i, values[i]);
  }
  std::vector<double> scales;
  for (size_t channel = 0; channel < static_cast<size_t>(count_scales(source)); ++channel) {
    const size_t range = range_index(quantizer, channel);
    double scale = numeric::converted_params(quantizer.min[range], quantizer.max[range], quantizer.narrow).scale;
    if (source.multiplier != nullptr) scale *= std::abs(static_cast<double>((*source.multiplier)[channel]));
    if (!usable_scale(scale)) {
      return error(Code::kOutOfRange, "tensor \"{}\": the scale of channel {} is {}, expected a positive finite float32",
                   source.weights.name, channel, scale);
    }
    scales.push_back(scale);
  }
  IntegerWeights weights;
  requantize_weights(source, scales, weights);
  return weights;
}

void requantize_weights(const WeightSource& source, const std::vector<double>& scale, IntegerWeights& weights) {
  const std::span<const float> values = source.weights.as<float>();
  const int32_t scales = count_scales(source);
  const bool per_channel = source.quantizer.per_channel_operator || scales > 1;
  LITEQAT_CHECK_EQ(scale.size(), static_cast<size_t>(scales));
  LITEQAT_CHECK(source.multiplier == nullptr || per_channel);
  std::vector<numeric::FakeQuantParams> ranges;
  for (size_t channel = 0; channel < scale.size(); ++channel) {
    const size_t range = range_index(source.quantizer, channel);
    ranges.push_back(numeric::nudge_range(source.quantizer.min[range], source.quantizer.max[range], source.quantizer.narrow));
  }
  const ChannelIndex channel_of(source.weights.shape, scales, output_axis(source.kind));
  weights.scale = scale;
  weights.codes.resize(values.size());
  const auto all_count_steps = [&] {
    for (size_t channel = 0; channel < scale.size(); ++channel) {
      if (!counts_steps(ranges[channel], scale[channel])) return false;
    }
    return source.multiplier == nullptr;
  };
  if (all_count_steps()) {
    return per_channel ? count_all_steps<true>(values, channel_of, ranges, weights.codes.data())
                       : count_all_steps<false>(values, channel_of, ranges, weights.codes.data());
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t channel = channel_of(i);
    const numeric::FakeQuantParams& range = ranges[channel];
    float value = per_channel ? numeric::fake_quantize_per_channel(values[i], range) : numeric::fake_quantize(values[i], range);
    if (source.multiplier != nullptr) value *= (*source.multiplier)[channel];
    const numeric::ConvertedParams params = {.scale = scale[channel], .zero_point = 0};
    weights.codes[i] = static_cast<int8_t>(numeric::quantize_value(value, params, kWeightLow, kWeightHigh));
  }
}

std::vector<double> bias_scales(std::span<const float> bias, double input_scale, const std::vector<double>& weight_scales, Scheme scheme) {
  std::vector<double> scales;
  double largest = 0;  // of all channels, for weights with one scale
  for (float value : bias) largest = std::max(largest, std::abs(static_cast<double>(value)));
  for (size_t channel = 0; channel < weight_scales.size(); ++channel) {
    const double product = input_scale * weight_scales[channel];
    const double magnitude = weight_scales.size() == 1 ? largest : std::abs(static_cast<double>(bias[channel]));
    const bool fits = scheme == Scheme::kTfmot8Bit || magnitude / product <= kBiasMax;
    scales.push_back(fits ? product : magnitude / kBiasMax);
  }
  return scales;
}

int32_t bias_code(float bias, double scale) {
  constexpr double kLow = std::numeric_limits<int32_t>::min(), kHigh = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(std::clamp(std::round(static_cast<double>(bias) / scale), kLow, kHigh));
}

}  // namespace liteqat::quant
