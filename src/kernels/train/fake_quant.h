// Fake quantization over arrays: equal, element by element, to numeric::fake_quantize and numeric::fake_quantize_per_channel.
#pragma once

#include <cstdint>

#include "numeric/fake_quant.h"

namespace liteqat::kernels::train {

struct MinMax {
  float min, max;
};
/// Smallest and largest element. Requires: elems > 0, no NaN.
MinMax find_min_max(const float* x, int64_t elems);

/// Per channel over rows of `channels` (the last axis): min[c], max[c] of column c.
void find_min_max_by_column(int64_t rows, int64_t channels, const float* x, float* min, float* max);

/// Per tensor; y may be x.
void fake_quant_forward(const numeric::FakeQuantParams& params, const float* x, float* y, int64_t elems);
/// dx = dy where x is inside the nudged range, else 0; dx may be dy.
void fake_quant_backward(const numeric::FakeQuantParams& params, const float* x, const float* dy, float* dx, int64_t elems);

/// The derivative by the step s = params.scale of the sum of dy * y, where y = fake_quant_forward(x): dy * (y - x) / s inside of the range
/// and dy * y / s at its ends, summed in double in an order that elems alone decides. 0 where the range is all zero.
double fake_quant_step_gradient(const numeric::FakeQuantParams& params, const float* x, const float* y, const float* dy, int64_t elems);

/// Per channel on the first axis: slice o of `slice_elems` elements uses params[o] (OHWI and dense weights).
void fake_quant_slices_forward(const numeric::FakeQuantParams* params, int64_t slices, int64_t slice_elems, const float* x, float* y);
void fake_quant_slices_backward(const numeric::FakeQuantParams* params, int64_t slices, int64_t slice_elems, const float* x,
                                const float* dy, float* dx);
/// Per channel on the last axis: column c uses params[c] (1HWC weights).
void fake_quant_columns_forward(const numeric::FakeQuantParams* params, int64_t rows, int64_t channels, const float* x, float* y);
void fake_quant_columns_backward(const numeric::FakeQuantParams* params, int64_t rows, int64_t channels, const float* x, const float* dy,
                                 float* dx);

}  // namespace liteqat::kernels::train
