// float32 FULLY_CONNECTED in register tiles (float_products/), rows where they are. Shared by the instruction sets; a Lanes type of
// internal linkage gives the steps.
#pragma once

#include "kernels/float_products/float_products.h"
#include "kernels/fully_connected/implementations.h"
#include "kernels/lanes/pack_floats.h"

namespace liteqat::kernels::fully_connected {

template <typename Lanes, float_products::Multiply kRounded, float_products::Multiply kFused>
struct FloatRows {
  static constexpr int64_t kPanelBytes = 20 << 10;  // of rows that share a block's weights, half of the nearest cache of common CPUs
  static constexpr int64_t kFewRows = 64;           // fewer are not divided among workers, channels are

  static int64_t positions(const Rows& shape) { return lanes::position_count<Lanes>(shape.out); }
  static bool by_channels(const Rows& shape) { return shape.rows < kFewRows && lanes::block_count<Lanes>(shape.out) > 1; }

  static bool accepts(const Float32Params&) { return true; }

  // Packed: bias, the one segment's offset, weights.
  static int64_t packed_bytes(const Float32Params& params) {
    return positions(params.shape) * (1 + int64_t{params.shape.in}) * int64_t{sizeof(float)} + kAlignment;
  }

  static void pack(const Float32Params& params, std::byte* packed) {
    auto* bias = reinterpret_cast<float*>(packed);
    for (int64_t channel = 0; channel < params.shape.out; ++channel) bias[channel] = params.bias == nullptr ? 0.0f : params.bias[channel];
    auto* weights = reinterpret_cast<float*>(packed + positions(params.shape) * int64_t{sizeof(float)} + kAlignment);
    lanes::pack_float_blocks<Lanes>(params.weights, params.shape.out, params.shape.in, weights);
  }

  static int64_t scratch_bytes(const Float32Params&) { return 0; }

  static int64_t units(const Float32Params& params) {
    return by_channels(params.shape) ? lanes::block_count<Lanes>(params.shape.out) : params.shape.rows;
  }

  static void run(const Float32Params& params, Range units, const float* input, float* output) {
    const Rows& shape = params.shape;
    const int64_t in = shape.in, out = shape.out, bias_bytes = positions(shape) * int64_t{sizeof(float)};
    const auto* weights = reinterpret_cast<const float*>(params.packed + bias_bytes + kAlignment);
    const float_products::Epilogue epilogue = {reinterpret_cast<const float*>(params.packed), params.clamp, out};
    const auto multiply_rows = params.sum == numeric::FloatSum::kFused ? kFused : kRounded;
    const float_products::Taps taps = {reinterpret_cast<const int64_t*>(params.packed + bias_bytes), 1, in};
    const Range blocks = by_channels(shape) ? units : Range{0, lanes::block_count<Lanes>(out)};
    const Range rows = by_channels(shape) ? Range{0, shape.rows} : units;
    const int64_t fitting = kPanelBytes / (in * int64_t{sizeof(float)}), panel = fitting < 24 ? 24 : fitting;
    for (int64_t first = rows.begin; first < rows.end; first += panel) {
      const int64_t count = rows.end - first < panel ? rows.end - first : panel;
      lanes::for_blocks<Lanes>(out, blocks, [&](const lanes::ChannelBlock& block) {
        multiply_rows(epilogue, taps, input + first * in, in, count, weights, block, output + first * out);
      });
    }
  }

  static constexpr Float32Kernel kernel(const char* name, Isa isa) {
    return {name, isa, accepts, packed_bytes, pack, scratch_bytes, units, run};
  }
};

}  // namespace liteqat::kernels::fully_connected
