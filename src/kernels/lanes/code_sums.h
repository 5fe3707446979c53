// Sums of int8 codes over taps, a vector of channels at a time: what AVERAGE_POOL_2D, MEAN and SUM have in common. Templates on a Bytes
// type of internal linkage.
#pragma once

#include <cstdint>

namespace liteqat::kernels::lanes {

/// Calls block(first channel, count) so that the blocks cover all channels: whole vectors, the last of which may overlap the one before;
/// one part of a vector where there are fewer channels than it holds. For outputs that do not lie where inputs lie.
template <typename Bytes, typename Block>
[[gnu::always_inline]] inline void for_channel_blocks(int64_t channels, const Block& block) {
  if (channels < Bytes::kCount) return block(int64_t{0}, channels);
  for (int64_t channel = 0; channel + Bytes::kCount <= channels; channel += Bytes::kCount) block(channel, int64_t{Bytes::kCount});
  if (channels % Bytes::kCount != 0) block(channels - Bytes::kCount, int64_t{Bytes::kCount});
}

/// The sums of up to Bytes::kCount neighbouring channels: 16 bits a channel while they last, then 32.
template <typename Bytes>
class CodeSums {
 public:
  /// `count` of Bytes::kCount channels from `codes` on; the count is the same at every call.
  [[gnu::always_inline]] void add(const int8_t* codes, int64_t count) {
    if (pending_ == kMostPending) flush();
    ++pending_;
    if (count == Bytes::kCount) return Bytes::add_codes(narrow_, codes);
    Bytes::add_codes(narrow_, Bytes::load_first(codes, count));
  }
  /// In 32 bits, after all were added.
  [[gnu::always_inline]] int32_t* sums() {
    flush();
    return sums_;
  }

 private:
  static constexpr int32_t kMostPending = 256;  // 256 * -128 is the least int16

  [[gnu::always_inline]] void flush() {
    Bytes::add_to(sums_, narrow_);
    narrow_ = {};
    pending_ = 0;
  }

  typename Bytes::Sums narrow_{};
  int32_t pending_ = 0;
  int32_t sums_[Bytes::kCount] = {};
};

}  // namespace liteqat::kernels::lanes
