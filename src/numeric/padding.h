// Spatial arithmetic of windowed operators: SAME and VALID padding as TFLite computes them (tflite/kernels/padding.h).
#pragma once

#include <cstdint>

namespace liteqat::numeric {

enum class Padding { kSame, kValid };

/// Extent of the output along one axis. Requires: input, filter, stride, dilation >= 1. May be <= 0 for VALID with a filter larger than
/// the input; callers validate.
int32_t window_output_extent(Padding padding, int32_t input, int32_t filter, int32_t stride, int32_t dilation);

/// Zeros before the first input element along one axis (the remainder of an odd total goes after).
int32_t window_pad_before(Padding padding, int32_t input, int32_t filter, int32_t stride, int32_t dilation, int32_t output);

}  // namespace liteqat::numeric
