// Fake quantization as TensorFlow's FakeQuantWithMinMaxVars computes it in training (float32), and the scale and zero point that TFLite's
// converter derives from the same range (double). Source of both: tensorflow/core/kernels/fake_quant_ops_functor.h and
// tflite/converter/utils/fake_quant_utils.h (getNudgedScaleAndZeroPoint).
#pragma once

#include <cstdint>

namespace liteqat::numeric {

/// A range nudged so that zero is exactly representable, with what the elementwise formula needs. All float32, 8 bits.
struct FakeQuantParams {
  float scale = 0;
  float inverse_scale = 0;  // (qmax - qmin) / (max - min), as the per-channel operator multiplies
  float nudged_min = 0, nudged_max = 0;
  float quant_zero = 0;   // floor(-nudged_min * inverse_scale + 0.5)
  bool all_zero = false;  // min == max == 0: output is 0 and the gradient passes everywhere
};
FakeQuantParams nudge_range(float min, float max, bool narrow);

/// The per-tensor operator: divides by scale.
float fake_quantize(float x, const FakeQuantParams& params);
/// The per-channel operator: multiplies by inverse_scale. Differs from the above at exact ties only.
float fake_quantize_per_channel(float x, const FakeQuantParams& params);
/// Straight-through gradient mask: nudged_min <= x <= nudged_max (or all_zero).
bool fake_quantize_passes(float x, const FakeQuantParams& params);

/// real = scale * (q - zero_point), q signed: activations in [-128, 127], narrow weights in [-127, 127].
struct ConvertedParams {
  double scale = 0;
  int32_t zero_point = 0;
};
/// What the converter makes of a fake-quantization range: unsigned nudging in double (zero point from the end with the smaller error,
/// clamped or rounded), a range narrower than 1e-6 replaced by +-5e-7, then shifted by 128. A range that is not finite
/// gives a scale that is not finite.
ConvertedParams converted_params(double min, double max, bool narrow);

/// clamp(round_half_away(x / scale + zero_point)) in double, as the converter quantizes weights.
int32_t quantize_value(double x, const ConvertedParams& params, int32_t low, int32_t high);

}  // namespace liteqat::numeric
