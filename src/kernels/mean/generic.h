// MEAN and SUM of int8 codes over neighbouring axes, a vector of outputs at a time. Shared by the instruction sets; Lanes and Bytes types
// of internal linkage give the steps.
#pragma once

#include "kernels/lanes/code_sums.h"
#include "kernels/lanes/requantize.h"
#include "kernels/mean/implementations.h"
#include "numeric/activation.h"

namespace liteqat::kernels::mean {

template <typename Lanes, typename Bytes>
struct Int8Block {
  /// One multiplier and one bias (what the input's zero point adds up to) for all lanes.
  struct Rescale {
    int32_t packed[lanes::ChannelArrays::kArrays * Lanes::kCount];
    int32_t output_zero_point;
    numeric::IntClamp clamp = {INT8_MIN, INT8_MAX};

    [[gnu::always_inline]] Rescale(const Int8Params& params, int64_t reduced) : output_zero_point(params.output_zero_point) {
      const lanes::ChannelArrays arrays(reinterpret_cast<std::byte*>(packed), Lanes::kCount);
      const auto zeros = static_cast<int32_t>(-params.input_zero_point * reduced);
      for (int32_t lane = 0; lane < Lanes::kCount; ++lane) arrays.set(lane, zeros, params.multiplier);
    }
    [[gnu::always_inline]] void store(const int32_t* sums, int64_t count, int8_t* to) const {
      const lanes::Requantizer<Lanes> requantizer(*this, reinterpret_cast<const std::byte*>(packed), Lanes::kCount);
      for (int64_t at = 0; at < count; at += Lanes::kCount) requantizer.store(Lanes::load(sums + at), 0, count - at, to + at);
    }
  };

  /// Outputs side by side: the codes of one reduced position are neighbours.
  [[gnu::always_inline]] static void run_columns(const Rescale& rescale, const Block& block, const int8_t* input, int8_t* output) {
    lanes::for_channel_blocks<Bytes>(
        block.inner, [&](int64_t channel, int64_t count) __attribute__((always_inline)) {
          lanes::CodeSums<Bytes> sums;
          for (int64_t position = 0; position < block.reduced; ++position) sums.add(input + position * block.inner + channel, count);
          rescale.store(sums.sums(), count, output + channel);
        });
  }

  /// One output: the codes of all reduced positions are neighbours.
  [[gnu::always_inline]] static void run_row(const Rescale& rescale, const Block& block, const int8_t* input, int8_t* output) {
    lanes::CodeSums<Bytes> sums;
    int64_t at = 0;
    for (; at + Bytes::kCount <= block.reduced; at += Bytes::kCount) sums.add(input + at, Bytes::kCount);
    int32_t total[Lanes::kCount] = {};
    const int32_t* parts = sums.sums();
    for (int32_t part = 0; part < Bytes::kCount; ++part) total[0] += parts[part];
    for (; at < block.reduced; ++at) total[0] += input[at];
    rescale.store(total, 1, output);
  }

  static void run(const Int8Params& params, const Block& block, Range outer, const int8_t* input, int8_t* output) {
    const Rescale rescale(params, block.reduced);
    for (int64_t position = outer.begin; position < outer.end; ++position) {
      const int8_t* from = input + position * block.reduced * block.inner;
      int8_t* to = output + position * block.inner;
      block.inner == 1 ? run_row(rescale, block, from, to) : run_columns(rescale, block, from, to);
    }
  }
};

}  // namespace liteqat::kernels::mean
