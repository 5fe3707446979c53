// Concatenation and dropout in training: float32, forward and backward. Single-threaded, no allocation; callers split the work.
#pragma once

#include <cstdint>

namespace liteqat::kernels::train {

/// One part of a concatenation, forward: row r of `part_elems` values of x to y + r * row_elems. Backward is the same the other way round.
/// Rows are what lies in front of the concatenated axis, images included.
struct JoinShape {
  int64_t rows = 0, part_elems = 0, row_elems = 0;
};
void concatenate_forward(const JoinShape& shape, const float* x, float* y);
void concatenate_backward(const JoinShape& shape, const float* dy, float* dx);

/// Inverted dropout (Srivastava et al. 2014, scaled in training as Keras' and PyTorch's Dropout): element i of the batch is
/// x * 1 / (1 - rate) where kept, else 0. It is dropped where h < rate * 2^32, with h the lower (i even) or upper (i odd) half of
/// mix(key + (i / 2 + 1) * 0x9e3779b97f4a7c15) and mix SplitMix64's output function (Steele, Lea, Flood 2014): a pure function of key and
/// element. The gradient of a kept element is scaled alike, so that forward and backward are one function.
struct DropoutMask {
  uint64_t key = 0;
  float rate = 0;  // in [0, 1)
};
/// Elements [first, first + elems) of the batch; y may be x.
void dropout(const DropoutMask& mask, int64_t first, const float* x, float* y, int64_t elems);

}  // namespace liteqat::kernels::train
