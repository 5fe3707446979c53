// int8 depthwise convolution by dot products: the bytes of four input pixels are interleaved per channel, so that one dot product sums
// four taps of a channel. Shared by the instruction sets that have them; a Lanes type of internal linkage gives the steps. Only for a
// depth multiplier of 1.
//
// A tile is kOutputs neighbouring outputs of one row and reads one list of pixels, every pixel once: quads of pixels are interleaved once
// and multiplied with the weights of each output (0 where an output does not read a pixel). A pixel outside the input is a vector of zero
// points, so that interior and border run the same code; rows and columns of taps that no output can reach are left out. The product of
// the zero point (and of the shift of the codes, lanes/dot_tile.h) with the weights is folded into the bias, exactly, modulo 2^32.
#pragma once

#include "kernels/depthwise_conv2d/implementations.h"
#include "kernels/lanes/blocks.h"
#include "kernels/lanes/code_channels.h"
#include "kernels/lanes/dot_epilogue.h"

namespace liteqat::kernels::depthwise_conv2d {

/// Which pixels a tile reads, and sizes that follow.
template <typename Lanes>
struct DotGeometry {
  int32_t outputs;                // of a tile: 1 or 2
  int32_t first_row, rows;        // of taps that some output reaches
  int32_t first_column, columns;  // of pixels, counted in dilated taps from the tile's first output
  int64_t pixels, quads, positions;

  [[gnu::always_inline]] explicit DotGeometry(const Window& w) : outputs(w.dilation_w == 1 && w.stride_w <= 2 && w.out_w > 1 ? 2 : 1) {
    live(w.out_h, w.in_h, w.filter_h, w.stride_h, w.dilation_h, w.pad_top, first_row, rows);
    live(w.out_w, w.in_w, w.filter_w, w.stride_w, w.dilation_w, w.pad_left, first_column, columns);
    if (outputs == 2) columns += w.stride_w;
    pixels = int64_t{rows} * columns;
    quads = (pixels + lanes::kDotTaps - 1) / lanes::kDotTaps;
    positions = lanes::position_count<Lanes>(w.out_c);
  }

  int64_t weights_bytes() const { return quads * outputs * positions * lanes::kDotTaps; }

 private:
  /// The taps of one axis that lie inside the input for the first or the last output, and all between. At least one.
  [[gnu::always_inline]] static void live(int32_t out, int32_t in, int32_t filter, int32_t stride, int32_t dilation, int32_t pad,
                                          int32_t& first, int32_t& count) {
    const int64_t last_origin = int64_t{out - 1} * stride - pad;
    int32_t begin = 0, end = filter;
    while (begin + 1 < end && last_origin + int64_t{begin} * dilation < 0) ++begin;
    while (end - 1 > begin && int64_t{end - 1} * dilation - pad >= in) --end;
    first = begin;
    count = end - begin;
  }
};

template <typename Lanes>
struct Dot {
  using Geometry = DotGeometry<Lanes>;
  using Epilogue = lanes::CodeEpilogue<Lanes>;

  static bool accepts(const Int8Params& params) { return params.window.out_c == params.window.in_c; }

  // Packed: mode and channel arrays, then weights [block][quad][output][position][4], then a pixel of zero points.
  static int64_t packed_bytes(const Int8Params& params) {
    const Geometry geometry(params.window);
    return lanes::StepArrays::bytes(geometry.positions) + geometry.weights_bytes() + geometry.positions;
  }

  static int64_t scratch_bytes(const Int8Params& params) {
    return 2 * Geometry(params.window).quads * lanes::kDotTaps * int64_t{sizeof(int64_t)};
  }

  static int64_t units(const Int8Params& params) { return params.window.out_rows(); }

  static void pack(const Int8Params& params, std::byte* packed) {
    const Geometry geometry(params.window);
    pack_channels(params, geometry, packed);
    auto* weights = reinterpret_cast<int8_t*>(packed + lanes::StepArrays::bytes(geometry.positions));
    pack_weights(params, geometry, weights);
    int8_t* padding = weights + geometry.weights_bytes();
    for (int64_t position = 0; position < geometry.positions; ++position) padding[position] = static_cast<int8_t>(params.input_zero_point);
  }

  static void run(const Int8Params& params, Range rows, const int8_t* input, int8_t* output) {
    const Geometry geometry(params.window);
    const auto* weights = reinterpret_cast<const int8_t*>(params.packed + lanes::StepArrays::bytes(geometry.positions));
    const Run run = {params.window,
                     geometry,
                     Epilogue(params, params.packed, geometry.positions, params.window.out_c),
                     weights,
                     weights + geometry.weights_bytes(),
                     reinterpret_cast<const int8_t**>(params.scratch),
                     reinterpret_cast<int64_t*>(params.scratch + scratch_bytes(params) / 2)};
    geometry.outputs == 2 ? run.template rows<2>(rows, input, output) : run.template rows<1>(rows, input, output);
  }

  static constexpr Int8Kernel kernel(const char* name, Isa isa) {
    return {name, isa, accepts, packed_bytes, pack, scratch_bytes, units, run};
  }

 private:
  static void pack_channels(const Int8Params& params, const Geometry& geometry, std::byte* packed) {
    const int64_t out_c = params.window.out_c;
    const auto live_sum = [&](int64_t channel) {
      uint32_t sum = 0;
      for_live_taps(params.window, geometry,
                    [&](int64_t tap, int64_t, int64_t) { sum += static_cast<uint32_t>(params.weights[tap * out_c + channel]); });
      return sum;
    };
    const int64_t taps = int64_t{params.window.filter_h} * params.window.filter_w;
    lanes::pack_code_positions<Lanes>(params, out_c, {.taps = taps, .channel_stride = 1, .tap_stride = out_c}, live_sum, packed);
  }

  /// Calls tap(tap in the filter, its row and column in the list of pixels, for output 0) for the taps that some output reaches.
  template <typename Tap>
  static void for_live_taps(const Window& window, const Geometry& geometry, const Tap& tap) {
    const int64_t columns = geometry.columns - (geometry.outputs == 2 ? window.stride_w : 0);
    for (int64_t row = 0; row < geometry.rows; ++row) {
      for (int64_t column = 0; column < columns; ++column) {
        tap((geometry.first_row + row) * window.filter_w + geometry.first_column + column, row, column);
      }
    }
  }

  static void pack_weights(const Int8Params& params, const Geometry& geometry, int8_t* packed) {
    const Window& window = params.window;
    lanes::for_positions<Lanes>(window.out_c, [&](int64_t channel, int64_t position) {
      const lanes::ChannelBlock block = lanes::block_of<Lanes>(position, window.out_c);
      const int64_t width = block.vectors * Lanes::kCount;
      for_live_taps(window, geometry, [&](int64_t tap, int64_t row, int64_t column) {
        for (int64_t out = 0; out < geometry.outputs; ++out) {
          const int64_t pixel = row * geometry.columns + column + out * window.stride_w;
          const int64_t vector = pixel / lanes::kDotTaps * geometry.outputs + out;
          const int64_t at = block.channel * geometry.quads * geometry.outputs + vector * width + (position - block.channel);
          packed[at * lanes::kDotTaps + pixel % lanes::kDotTaps] = params.weights[tap * window.out_c + channel];
        }
      });
    });
  }

  struct Run {
    const Window& window;
    const Geometry& geometry;
    Epilogue epilogue;
    const int8_t *weights, *padding;
    const int8_t** pixels;  // [quads * 4]
    int64_t* steps;         // [quads * 4]: of each pixel from tile to tile

    template <int kOutputs>
    [[gnu::always_inline]] void rows(Range units, const int8_t* input, int8_t* output) const {
      for (int64_t pixel = geometry.pixels; pixel < geometry.quads * lanes::kDotTaps; ++pixel) pixels[pixel] = padding;
      for (int64_t row = units.begin; row < units.end; ++row) {
        const int64_t image = row / window.out_h;
        const auto out_y = static_cast<int32_t>(row - image * window.out_h);
        const int8_t* own = input + image * window.in_h * window.in_w * window.in_c;
        int8_t* to = output + row * window.out_w * window.out_c;
        bool inside = false;  // the pixels listed all lie inside the input's columns
        for (int32_t out_x = 0; out_x < window.out_w; out_x += kOutputs, to += kOutputs * window.out_c) {
          const int64_t in_x = window.in_x(out_x, geometry.first_column);
          const bool still_inside = in_x >= 0 && in_x + int64_t{geometry.columns - 1} * window.dilation_w < window.in_w;
          inside&& still_inside ? advance_pixels() : list_pixels(own, out_y, in_x, kOutputs);
          inside = still_inside;
          const bool whole = kOutputs == 1 || out_x + 1 < window.out_w;
          for (int64_t channel = 0; channel < window.out_c;) {
            const lanes::ChannelBlock block = lanes::block_at<Lanes>(channel, window.out_c);
            if (block.vectors == 4) {
              tile<kOutputs, 4>(block, whole, to + channel);
            } else if (block.vectors == 2) {
              tile<kOutputs, 2>(block, whole, to + channel);
            } else {
              tile<kOutputs, 1>(block, whole, to + channel);
            }
            channel += block.vectors * Lanes::kCount;
          }
        }
      }
    }

    /// To the next tile, where no column of this one and of that is padding.
    [[gnu::always_inline]] void advance_pixels() const {
      for (int64_t pixel = 0; pixel < geometry.pixels; ++pixel) pixels[pixel] += steps[pixel];
    }

    [[gnu::always_inline]] void list_pixels(const int8_t* image, int32_t out_y, int64_t in_x, int32_t outputs) const {
      const int64_t pixel_elems = window.in_c;
      const int8_t** to = pixels;
      int64_t* step = steps;
      for (int32_t row = 0; row < geometry.rows; ++row) {
        const int64_t in_y = window.in_y(out_y, geometry.first_row + row);
        const bool row_inside = in_y >= 0 && in_y < window.in_h;
        const int8_t* from = image + (in_y * window.in_w + in_x) * pixel_elems;
        for (int64_t column = 0, x = in_x; column < geometry.columns; ++column, x += window.dilation_w) {
          *to++ = row_inside && x >= 0 && x < window.in_w ? from : padding;
          *step++ = row_inside ? outputs * window.stride_w * pixel_elems : 0;
          from += window.dilation_w * pixel_elems;
        }
      }
    }

    template <int kOutputs, int kVectors>
    [[gnu::always_inline]] void tile(const lanes::ChannelBlock& block, bool whole, int8_t* to) const {
      typename Lanes::Int sums[kOutputs][kVectors];
#pragma GCC unroll 4
      for (int vector = 0; vector < kVectors; ++vector) {
        sums[0][vector] = Lanes::load(epilogue.bias + block.channel + vector * Lanes::kCount);
        if constexpr (kOutputs == 2) sums[1][vector] = sums[0][vector];
      }
      const int8_t* own = weights + block.channel * geometry.quads * kOutputs * lanes::kDotTaps;
      for (int64_t quad = 0; quad < geometry.quads; ++quad) {
        typename Lanes::Int taps[kVectors];
        Lanes::interleave(pixels + quad * lanes::kDotTaps, block.channel, block.count, taps);
#pragma GCC unroll 2
        for (int out = 0; out < kOutputs; ++out) {
#pragma GCC unroll 4
          for (int vector = 0; vector < kVectors; ++vector, own += Lanes::kCount * lanes::kDotTaps) {
            sums[out][vector] = Lanes::dot(sums[out][vector], taps[vector], Lanes::load_bytes(own));
          }
        }
      }
      if (kOutputs == 1 || whole) return epilogue.template store<kOutputs, kVectors>(sums, block, to);
      typename Lanes::Int first[1][kVectors];
#pragma GCC unroll 4
      for (int vector = 0; vector < kVectors; ++vector) first[0][vector] = sums[0][vector];
      epilogue.template store<1, kVectors>(first, block, to);
    }
  };
};

}  // namespace liteqat::kernels::depthwise_conv2d
