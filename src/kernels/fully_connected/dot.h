// int8 FULLY_CONNECTED by dot products (lanes/dot_tile.h), requantized in double as Requantization::kDoubleHalfAway asks. Shared by the
// instruction sets; a Lanes type of internal linkage gives the steps. Rows are copied once, as the taps that dot() takes; the
// input's zero point and that shift are folded into the bias, modulo 2^32.
#pragma once

#include "kernels/fully_connected/implementations.h"
#include "kernels/lanes/dot_epilogue.h"
#include "kernels/lanes/dot_tile.h"

namespace liteqat::kernels::fully_connected {

/// round_half_away(double(accumulator) * rescale) + zero point, clamped.
template <typename Lanes>
struct DoubleEpilogue {
  using Int = typename Lanes::Int;
  const double* rescale;
  const int32_t* bias;
  Int zero_point;
  typename Lanes::ByteClamp clamp;
  int64_t row_elems;  // of the output

  template <int kRows, int kVectors>
  [[gnu::always_inline]] void store(Int (&sums)[kRows][kVectors], const lanes::ChannelBlock& block, int8_t* output) const {
    store_rows(sums, kRows, block, output);
  }

 private:
  /// Through memory, so that tiles of all numbers of rows share the code.
  template <int kVectors>
  [[gnu::noinline]] void store_rows(const Int (*sums)[kVectors], int64_t rows, const lanes::ChannelBlock& block, int8_t* output) const {
    for (int64_t row = 0; row < rows; ++row) {
      Int codes[kVectors];
#pragma GCC unroll 4
      for (int vector = 0; vector < kVectors; ++vector) {
        const Int rounded = Lanes::round_scaled(sums[row][vector], rescale + block.channel + vector * Lanes::kCount);
        codes[vector] = Lanes::add(rounded, zero_point);
      }
      lanes::store_codes<Lanes, kVectors>(codes, block.count, clamp, output + row * row_elems);
    }
  }
};

template <typename Lanes>
struct Dot {
  using Tap = typename Lanes::Tap;
  using Weight = typename Lanes::Weight;

  static constexpr int64_t kPanelBudget = 20 << 10;  // bytes of rows at once, half of the nearest cache of common CPUs
  static constexpr int64_t kFewRows = 64;            // fewer are not divided among workers, channels are

  static lanes::TapPadding<Lanes> padding(const Rows& shape) { return {shape.in, lanes::has_single_block<Lanes>(shape.out)}; }
  static int64_t row_elems_of(const Rows& shape) { return padding(shape).taps; }
  static int64_t positions(const Rows& shape) { return lanes::position_count<Lanes>(shape.out); }
  static int64_t panel_rows(const Rows& shape) {
    const int64_t fitting = kPanelBudget / (row_elems_of(shape) * int64_t{sizeof(Tap)}), most = fitting < 24 ? 24 : fitting;
    return shape.rows < most ? shape.rows : most;
  }
  static bool by_channels(const Rows& shape) { return shape.rows < kFewRows && lanes::block_count<Lanes>(shape.out) > 1; }

  static bool accepts(const Int8Params&) { return true; }

  static int64_t header_bytes(const Rows& shape) {
    return positions(shape) * (int64_t{sizeof(double)} + int64_t{sizeof(int32_t)}) + kAlignment;
  }

  // Packed: rescale factors, bias, the one segment's offset, weights.
  static int64_t packed_bytes(const Int8Params& params) {
    return positions(params.shape) *
               (int64_t{sizeof(double)} + int64_t{sizeof(int32_t)} + row_elems_of(params.shape) * int64_t{sizeof(Weight)}) +
           kAlignment;
  }

  static void pack(const Int8Params& params, std::byte* packed) {
    const int64_t padded = positions(params.shape), in = params.shape.in, row = row_elems_of(params.shape);
    auto* rescale = reinterpret_cast<double*>(packed);
    auto* bias = reinterpret_cast<int32_t*>(rescale + padded);
    auto* weights = reinterpret_cast<Weight*>(packed + header_bytes(params.shape));
    lanes::for_positions<Lanes>(params.shape.out, [&](int64_t channel, int64_t position) {
      const lanes::ChannelBlock block = lanes::block_of<Lanes>(position, params.shape.out);
      const int8_t* own_weights = params.weights + channel * in;
      uint32_t sum = 0;
      for (int64_t tap = 0; tap < in; ++tap) sum += static_cast<uint32_t>(own_weights[tap]);
      const bool wide = padding(params.shape).wide;
      lanes::pack_segment<Lanes>(block, own_weights, in, wide, weights + lanes::weight_offset<Lanes>(block, position, 0, row, wide));
      const uint32_t own = params.bias == nullptr ? 0 : static_cast<uint32_t>(params.bias[channel]);
      bias[position] = static_cast<int32_t>(own - static_cast<uint32_t>(params.input_zero_point + Lanes::kInputShift) * sum);
      rescale[position] = params.rescale[channel];
    });
  }

  static int64_t scratch_bytes(const Int8Params& params) {
    return panel_rows(params.shape) * row_elems_of(params.shape) * int64_t{sizeof(Tap)};
  }

  static int64_t units(const Int8Params& params) {
    return by_channels(params.shape) ? lanes::block_count<Lanes>(params.shape.out) : params.shape.rows;
  }

  static void run(const Int8Params& params, Range units, const int8_t* input, int8_t* output) {
    const Rows& shape = params.shape;
    const int64_t padded = positions(shape), in = shape.in, out = shape.out, row = row_elems_of(shape), panel = panel_rows(shape);
    const auto* rescale = reinterpret_cast<const double*>(params.packed);
    const auto* bias = reinterpret_cast<const int32_t*>(rescale + padded);
    const auto* offset = reinterpret_cast<const int64_t*>(bias + padded);
    const auto* weights = reinterpret_cast<const Weight*>(params.packed + header_bytes(shape));
    const DoubleEpilogue<Lanes> epilogue = {rescale, bias, Lanes::broadcast(params.output_zero_point),
                                            Lanes::byte_clamp(params.clamp.low, params.clamp.high), out};
    const Range blocks = by_channels(shape) ? units : Range{0, lanes::block_count<Lanes>(out)};
    const Range rows = by_channels(shape) ? Range{0, shape.rows} : units;
    auto* copy = reinterpret_cast<Tap*>(params.scratch);
    for (int64_t first = rows.begin; first < rows.end; first += panel) {
      const int64_t count = rows.end - first < panel ? rows.end - first : panel;
      for (int64_t index = 0; index < count; ++index) Lanes::copy_taps(input + (first + index) * in, in, copy + index * row);
      lanes::for_blocks<Lanes>(out, blocks, [&](const lanes::ChannelBlock& block) {
        lanes::multiply_block<Lanes>(epilogue, {offset, 1, row, padding(shape).wide}, copy, row, count, weights, block,
                                     output + first * out);
      });
    }
  }

  static constexpr Int8Kernel kernel(const char* name, Isa isa) {
    return {name, isa, accepts, packed_bytes, pack, scratch_bytes, units, run};
  }
};

}  // namespace liteqat::kernels::fully_connected
