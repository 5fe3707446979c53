#include <algorithm>

#include "kernels/activation/activation.h"

namespace liteqat::kernels::activation {

void clamp_float32(int64_t count, numeric::FloatClamp clamp, const float* input, float* output) {
  for (int64_t index = 0; index < count; ++index) output[index] = std::min(std::max(input[index], clamp.low), clamp.high);
}

void rescale_clamp_int8(int64_t count, const Int8Params& params, const int8_t* input, int8_t* output) {
  for (int64_t index = 0; index < count; ++index) {
    const int32_t scaled = numeric::multiply_by_quantized_multiplier(input[index] - params.input_zero_point, params.multiplier);
    output[index] =
        static_cast<int8_t>(std::clamp(numeric::wrapping_add(scaled, params.output_zero_point), params.clamp.low, params.clamp.high));
  }
}

}  // namespace liteqat::kernels::activation
