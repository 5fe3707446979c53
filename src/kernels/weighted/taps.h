// The loops that the reference kernels of weighted operators share. Plain, never optimized.
#pragma once

#include "kernels/weighted/weighted.h"
#include "kernels/window_loops.h"

namespace liteqat::kernels::weighted {

/// Calls output(taps, channel, output offset) for every output of the rows, ascending, where taps(tap) calls tap(input offset, weight
/// offset) for every product that the output sums, in that order.
template <typename Output>
void for_weighted_outputs(const Window& window, const Channels& channels, Range rows, const Output& output,
                          TapOrder order = TapOrder::kRows) {
  const int32_t depth = channels.depthwise ? 1 : window.in_c / channels.groups;
  const int32_t outputs_per_input = window.out_c / (channels.depthwise ? window.in_c : channels.groups);
  const int64_t pixel_stride = channels.depthwise ? window.out_c : depth;
  const int64_t filter_elems = int64_t{window.filter_h} * window.filter_w * depth;
  for_outputs(window, rows, [&](int32_t image, int32_t out_y, int32_t out_x, int32_t channel, int64_t offset) {
    const int64_t first_in = int64_t{channel / outputs_per_input} * depth;
    const int64_t first_weight = channels.depthwise ? channel : channel * filter_elems;
    const auto taps = [&](const auto& tap) {
      for_valid_taps(window, image, out_y, out_x, order, [&](int64_t in_pixel, int64_t filter_pixel) {
        const int64_t in = in_pixel * window.in_c + first_in, weight = first_weight + filter_pixel * pixel_stride;
        for (int32_t step = 0; step < depth; ++step) tap(in + step, weight + step);
      });
    };
    output(taps, channel, offset);
  });
}

}  // namespace liteqat::kernels::weighted
