// FULLY_CONNECTED as the product of rows and packed weights in register tiles (kernels/lanes/tile.h). Shared by the instruction sets; a
// Lanes type of internal linkage gives the steps. The input's zero point is folded into the bias, modulo 2^32.
#pragma once

#include "kernels/fully_connected/implementations.h"
#include "kernels/lanes/tile.h"
#include "numeric/rounding.h"

namespace liteqat::kernels::fully_connected {

template <typename Lanes>
struct Generic {
  static int64_t even_depth(const Rows& shape) { return lanes::round_up(shape.in, 2); }
  static int64_t padded_channels(const Rows& shape) { return lanes::round_up(shape.out, lanes::kBlock<Lanes>); }

  // int8: rescale factors, bias, weights.
  static bool accepts_int8(const Int8Params&) { return true; }

  static int64_t packed_bytes_int8(const Int8Params& params) {
    return padded_channels(params.shape) *
           (int64_t{sizeof(double)} + int64_t{sizeof(int32_t)} + even_depth(params.shape) * int64_t{sizeof(int16_t)});
  }

  static void pack_int8(const Int8Params& params, std::byte* packed) {
    const int64_t channels = padded_channels(params.shape), depth = params.shape.in;
    auto* rescale = reinterpret_cast<double*>(packed);
    auto* bias = reinterpret_cast<int32_t*>(rescale + channels);
    for (int64_t channel = 0; channel < params.shape.out; ++channel) {
      uint32_t sum = 0;
      for (int64_t in = 0; in < depth; ++in) sum += static_cast<uint32_t>(params.weights[channel * depth + in]);
      const uint32_t own = params.bias == nullptr ? 0 : static_cast<uint32_t>(params.bias[channel]);
      bias[channel] = static_cast<int32_t>(own - static_cast<uint32_t>(params.input_zero_point) * sum);
      rescale[channel] = params.rescale[channel];
    }
    lanes::pack_pairs<Lanes>(params.weights, params.shape.out, depth, reinterpret_cast<int16_t*>(bias + channels));
  }

  static int64_t scratch_bytes_int8(const Int8Params& params) {
    return lanes::kPanelRows<Lanes> * even_depth(params.shape) * int64_t{sizeof(int16_t)};
  }

  /// Requantization::kDoubleHalfAway, one lane after the other.
  static void run_int8(const Int8Params& params, Range units, const int8_t* input, int8_t* output) {
    const Rows& shape = params.shape;
    const int64_t channels = padded_channels(shape), row_elems = even_depth(shape), in = shape.in, out = shape.out;
    const auto* rescale = reinterpret_cast<const double*>(params.packed);
    const auto* bias = reinterpret_cast<const int32_t*>(rescale + channels);
    const auto* weights = reinterpret_cast<const int16_t*>(bias + channels);
    const auto finish = [&](int64_t row, int64_t channel, typename Lanes::Int sums) __attribute__((always_inline)) {
      int32_t accumulators[Lanes::kCount];
      Lanes::store(accumulators, Lanes::add(sums, Lanes::load(bias + channel)));
      const int64_t count = out - channel < Lanes::kCount ? out - channel : Lanes::kCount;
      for (int64_t lane = 0; lane < count; ++lane) {
        const int64_t code = numeric::round_half_away(accumulators[lane] * rescale[channel + lane]) + params.output_zero_point;
        output[row * out + channel + lane] = static_cast<int8_t>(numeric::clamp_to_int(code, params.clamp.low, params.clamp.high));
      }
    };
    auto* panel = reinterpret_cast<int16_t*>(params.scratch);
    for (int64_t first_row = units.begin; first_row < units.end; first_row += lanes::kPanelRows<Lanes>) {
      const int64_t left = units.end - first_row, rows = left < lanes::kPanelRows<Lanes> ? left : lanes::kPanelRows<Lanes>;
      for (int64_t row = 0; row < rows; ++row) {
        const int8_t* from = input + (first_row + row) * in;
        for (int64_t elem = 0; elem < in; ++elem) panel[row * row_elems + elem] = from[elem];
      }
      lanes::multiply_panel<Lanes, lanes::Int8Tile<Lanes>>(panel, rows, row_elems, weights, out, first_row, finish);
    }
  }

  template <typename Params>
  static int64_t rows_of(const Params& params) {
    return params.shape.rows;
  }

  static constexpr Int8Kernel int8_kernel(const char* name, Isa isa) {
    return {name, isa, accepts_int8, packed_bytes_int8, pack_int8, scratch_bytes_int8, rows_of<Int8Params>, run_int8};
  }
};

}  // namespace liteqat::kernels::fully_connected
