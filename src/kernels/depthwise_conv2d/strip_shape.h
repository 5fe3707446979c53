// Extents of the strips of strips.h.
#pragma once

#include "kernels/lanes/blocks.h"
#include "kernels/window.h"

namespace liteqat::kernels::depthwise_conv2d {

/// How a tile of output rows is divided into strips: outputs of a row, and channels, at a time. Divided along the row, neighbouring strips
/// make two columns twice; among channels, pixels are read piece by piece. The first is for few channels, the second for many.
struct StripShape {
  /// Of the nearest cache, of which input rows, output rows and weights want their part.
  static constexpr int64_t kBudgetBytes = 20 << 10;
  static constexpr int64_t kLeastOutputs = 8;                   // of a part of a row
  static constexpr int64_t kTaps = 4, kFilter = 3, kStep = 64;  // codes of a row interleaved at a time

  int64_t outputs, parts;  // of one strip, but for the last of a row; strips along a row
  int64_t group;           // channels of one strip, but for the last

  [[gnu::always_inline]] explicit StripShape(const Window& w) : outputs(w.out_w), parts(1), group(w.out_c) {
    const int64_t width = columns_of(w, outputs), fitting = kBudgetBytes / (group * kTaps), most = (fitting - kFilter) / w.stride_w + 1;
    if (width <= fitting) return;
    if (most >= kLeastOutputs) {
      parts = (outputs + most - 1) / most;
      outputs = lanes::round_up((outputs + parts - 1) / parts, 2);  // of which a walk takes two at a time
      parts = (w.out_w + outputs - 1) / outputs;
      return;
    }
    const int64_t whole_steps = kBudgetBytes / (width * kTaps * kStep) * kStep, channels = whole_steps < kStep ? kStep : whole_steps;
    const int64_t groups = (group + channels - 1) / channels, rounded = lanes::round_up((group + groups - 1) / groups, kStep);
    group = rounded < group ? rounded : group;
  }
  [[gnu::always_inline]] static int64_t columns_of(const Window& w, int64_t count) { return (count - 1) * w.stride_w + kFilter; }
  [[gnu::always_inline]] int64_t bytes(const Window& w) const {
    return lanes::round_up(columns_of(w, outputs) * group * kTaps, kAlignment);
  }
};

}  // namespace liteqat::kernels::depthwise_conv2d
