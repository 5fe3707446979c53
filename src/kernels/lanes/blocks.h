// How the output channels of a convolution or fully connected layer are divided into blocks, the unit of packed weights: four, two or one
// vectors wide. Templates on a Lanes type of internal linkage, so nothing here is exported.
#pragma once

#include <cstdint>

#include "kernels/kernel.h"

namespace liteqat::kernels::lanes {

[[gnu::always_inline]] inline int64_t round_up(int64_t count, int64_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

/// A block of output channels; its position among padded channels equals its first channel.
struct ChannelBlock {
  int64_t channel;
  int32_t vectors;  // 1, 2 or 4, at most Lanes::kBlockVectors
  int32_t count;    // channels that exist, at most vectors * Lanes::kCount
};

/// The block that begins at `channel` of `channels`, of at most `most` vectors: 2, or Lanes::kBlockVectors. Requires: channel is where a
/// block begins.
template <typename Lanes>
[[gnu::always_inline]] inline ChannelBlock block_at(int64_t channel, int64_t channels, int32_t most = Lanes::kBlockVectors) {
  const int64_t left = channels - channel;
  const int32_t vectors = most == 4 && left > 3 * Lanes::kCount ? 4 : left > Lanes::kCount ? 2 : 1;
  const int64_t width = vectors * Lanes::kCount;
  return {channel, vectors, static_cast<int32_t>(left < width ? left : width)};
}

/// Calls each(block) for blocks [first, last) of the channels.
template <typename Lanes, typename Each>
[[gnu::always_inline]] inline void for_blocks(int64_t channels, Range blocks, const Each& each, int32_t most = Lanes::kBlockVectors) {
  int64_t index = 0;
  for (int64_t channel = 0; channel < channels && index < blocks.end; ++index) {
    const ChannelBlock block = block_at<Lanes>(channel, channels, most);
    if (index >= blocks.begin) each(block);
    channel += block.vectors * Lanes::kCount;
  }
}

template <typename Lanes>
[[gnu::always_inline]] inline int64_t block_count(int64_t channels, int32_t most = Lanes::kBlockVectors) {
  int64_t count = 0;
  for_blocks<Lanes>(
      channels, {0, channels}, [&](const ChannelBlock&) { ++count; }, most);
  return count;
}

/// Positions of all blocks together.
template <typename Lanes>
[[gnu::always_inline]] inline int64_t position_count(int64_t channels, int32_t most = Lanes::kBlockVectors) {
  int64_t end = 0;
  for_blocks<Lanes>(
      channels, {0, channels}, [&](const ChannelBlock& block) { end = block.channel + block.vectors * Lanes::kCount; }, most);
  return end;
}

}  // namespace liteqat::kernels::lanes
