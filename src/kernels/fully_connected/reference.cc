// The definition, as plain loops. Never optimized.
#include <algorithm>

#include "kernels/fully_connected/implementations.h"
#include "numeric/rounding.h"

namespace liteqat::kernels::fully_connected {
namespace {

template <typename Params>
int64_t rows_of(const Params& params) {
  return params.shape.rows;
}

void run_float32(const Float32Params& params, Range rows, const float* input, float* output) {
  const Rows& shape = params.shape;
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const float* x = input + row * shape.in;
    for (int64_t out = 0; out < shape.out; ++out) {
      const float* weights = params.weights + out * shape.in;
      numeric::FloatAccumulator total(params.sum, params.bias == nullptr ? 0.0f : params.bias[out]);
      for (int64_t in = 0; in < shape.in; ++in) total.add(x[in], weights[in]);
      output[row * shape.out + out] = std::min(std::max(total.total(), params.clamp.low), params.clamp.high);
    }
  }
}

void run_int8(const Int8Params& params, Range rows, const int8_t* input, int8_t* output) {
  const Rows& shape = params.shape;
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const int8_t* x = input + row * shape.in;
    for (int64_t out = 0; out < shape.out; ++out) {
      const int8_t* weights = params.weights + out * shape.in;
      int32_t accumulator = params.bias == nullptr ? 0 : params.bias[out];
      for (int64_t in = 0; in < shape.in; ++in) {
        accumulator = numeric::wrapping_add(accumulator, (x[in] - params.input_zero_point) * weights[in]);
      }
      const int64_t code = numeric::round_half_away(accumulator * params.rescale[out]) + params.output_zero_point;
      output[row * shape.out + out] = static_cast<int8_t>(numeric::clamp_to_int(code, params.clamp.low, params.clamp.high));
    }
  }
}

constexpr Float32Kernel kFloat32 = make_reference_kernel("fully_connected_f32_f32_reference", rows_of<Float32Params>, run_float32);
constexpr Int8Kernel kInt8 = make_reference_kernel("fully_connected_i8_i32_f64_reference", rows_of<Int8Params>, run_int8);

}  // namespace

const Float32Kernel& float32_reference() {
  return kFloat32;
}
const Int8Kernel& int8_reference() {
  return kInt8;
}

}  // namespace liteqat::kernels::fully_connected
