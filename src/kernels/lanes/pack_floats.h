// Weights of float_tile.h's products. Templates on a Lanes type of internal linkage, so nothing here is exported.
#pragma once

#include <cstdint>

#include "kernels/lanes/blocks.h"

namespace liteqat::kernels::lanes {

/// Weights [out][taps] to [block][tap][channel], blocks of at most `most` vectors. Requires: zeroed target.
template <typename Lanes>
[[gnu::always_inline]] inline void pack_float_blocks(const float* weights, int64_t out, int64_t taps, float* packed,
                                                     int32_t most = Lanes::kBlockVectors) {
  for_blocks<Lanes>(
      out, {0, out},
      [&](const ChannelBlock& block) {
        const int64_t width = block.vectors * Lanes::kCount;
        float* to = packed + block.channel * taps;
        for (int64_t channel = 0; channel < block.count; ++channel) {
          for (int64_t tap = 0; tap < taps; ++tap) to[tap * width + channel] = weights[(block.channel + channel) * taps + tap];
        }
      },
      most);
}

}  // namespace liteqat::kernels::lanes
