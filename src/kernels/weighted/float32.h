// CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED with float32 input and output in the cases that conv2d, depthwise_conv2d and
// fully_connected have no kernel for: groups, weights that are computed, and hybrid operators ("dynamic range": int8 weights, inputs
// quantized on the fly, tflite-int8.md 3.15). Plain loops in the order of TFLite's reference kernels.
#pragma once

#include "kernels/weighted/weighted.h"
#include "numeric/float_sum.h"

namespace liteqat::kernels::weighted {

/// y = clamp(sum over (ky, kx, i) ascending as numeric/float_sum.h says); fused sums where every output channel has an input channel of its
/// own go by columns, (kx, ky), as XNNPACK's depthwise kernels do. Bias may be null. Units: rows of outputs.
struct FloatParams {
  Window window{};
  Channels channels{};
  numeric::FloatClamp clamp{};
  numeric::FloatSum sum = numeric::FloatSum::kRounded;
};
void run_float32(const FloatParams& params, Range rows, const float* input, const float* weights, const float* bias, float* output);

/// In which order a hybrid operator multiplies its accumulator, its input's scale and its weights' scale.
enum class HybridProduct {
  kWeightsThenInput,  // (acc * weights) * input: CONV_2D with a scale per channel
  kScalesFirst,       // acc * (weights * input): the others
};

/// How a hybrid operator turns its input into codes. Both agree but for the last bit of the scale and codes next to a tie.
enum class InputQuantization {
  kPortable,  // range in double, round_half_away(zero point + x / scale): TFLite to 2.19 on x86
  kVector,    // range in float32, zero point + (x / scale +- 0.5 cut off) in whole groups of eight, round_half_away(x / scale) in the
              // rest: LiteRT on x86, which runs the kernels written for Arm NEON
};

struct HybridParams {
  Window window{};
  Channels channels{};
  HybridProduct product{};
  const float* weight_scales = nullptr;  // [out_c]
  InputQuantization input_quantization{};
  bool symmetric_input = false;  // codes in [-127, 127], zero point 0; else in [-128, 127] with one
  numeric::FloatClamp clamp{};
};
/// Bytes of working memory: the codes of one image.
int64_t hybrid_scratch_bytes(const HybridParams& params);
/// Units: images (rows of a dense layer), each quantized by itself. An image of zeros gives clamp(bias).
void run_hybrid(const HybridParams& params, Range images, const float* input, const int8_t* weights, const float* bias, float* output,
                std::byte* scratch);

/// Codes of values as hybrid operators quantize them.
struct DynamicRange {
  float scale = 1;
  int32_t zero_point = 0;
};
/// From max |x|. NaN counts as 0.
DynamicRange quantize_symmetric(InputQuantization how, int64_t count, const float* values, int8_t* codes);
/// From min(0, min) and max(0, max), the zero point nudged in double.
DynamicRange quantize_asymmetric(InputQuantization how, int64_t count, const float* values, int8_t* codes);

}  // namespace liteqat::kernels::weighted
