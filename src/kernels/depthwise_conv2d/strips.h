// int8 depthwise convolution with 3x3 filters where four rows interleave into one vector: strips of the input, then sums that never wait.
// A strip holds, for every column and channel, the codes of four input rows side by side, padding included, so that one dot product sums
// a column of the filter; at stride 1 two output rows read the same four. It is made once per tile of output rows and group of channels
// and stays in the nearest cache. Then blocks of two vectors of channels walk along it, whose weights and constants fit in registers for
// the whole walk: an output is three loads, three products and a requantization a vector. Only for a depth multiplier of 1, no dilation,
// equal strides of 1 or 2. A Lanes type of internal linkage gives the steps.
//
// Rows outside the input are read from a row of zero points, as in columns.h; the product of the zero point (and of the shift of the codes)
// with the weights is folded into the bias, exactly, modulo 2^32.
#pragma once

#include "kernels/depthwise_conv2d/column_blocks.h"
#include "kernels/depthwise_conv2d/strip_shape.h"
#include "kernels/lanes/dot_epilogue.h"
#include "kernels/lanes/requantize.h"

namespace liteqat::kernels::depthwise_conv2d {

template <typename Lanes>
struct Strips {
  using Int = typename Lanes::Int;
  using Float = typename Lanes::Float;
  static_assert(Lanes::kTaps == StripShape::kTaps && Lanes::kHasSteps);

  static bool accepts(const Int8Params& params) {
    const Window& w = params.window;
    return w.out_c == w.in_c && w.out_c >= Lanes::kCount && w.filter_h == 3 && w.filter_w == 3 && w.stride_h == w.stride_w &&
           w.stride_h <= 2 && w.dilation_h == 1 && w.dilation_w == 1 && w.out_w > 1;
  }
  static ColumnPlaces<Lanes> places(const Int8Params& params) {
    return {{.filter = 3, .stride = params.window.stride_h, .taps = Lanes::kTaps, .most_vectors = 2, .in_order = true}, params.window};
  }
  static int64_t packed_bytes(const Int8Params& params) { return places(params).bytes(); }
  static void pack(const Int8Params& params, std::byte* packed) { places(params).pack(params, packed); }
  static int64_t scratch_bytes(const Int8Params& params) { return StripShape(params.window).bytes(params.window); }
  static int64_t row_tiles(const Int8Params& params) {
    const int64_t rows = places(params).shape.rows();
    return (params.window.out_h + rows - 1) / rows;
  }
  static int64_t units(const Int8Params& params) { return params.window.batch * row_tiles(params); }

  static void run(const Int8Params& params, Range units, const int8_t* input, int8_t* output) {
    const Window& window = params.window;
    const ColumnPlaces<Lanes> own_places = places(params);
    const StripShape shape(window);
    const int64_t tiles = row_tiles(params), rows = own_places.shape.rows(), image_elems = int64_t{window.in_h} * window.in_w * window.in_c;
    auto* strip = reinterpret_cast<int8_t*>(params.scratch);
    for (int64_t begin = 0; begin < window.out_c; begin += shape.group) {
      // The last group may be smaller, but holds the whole of a last block, which begins earlier than its position.
      const int64_t left = window.out_c - begin, least = left < StripShape::kStep ? StripShape::kStep : left;
      const int64_t count = shape.group < left ? shape.group : least < window.out_c ? least : window.out_c;
      const int64_t channel = begin + count > window.out_c ? window.out_c - count : begin;
      for (int64_t part = 0; part < shape.parts; ++part) {
        const int64_t out_x = part * shape.outputs, end = out_x + shape.outputs;
        const Range outputs = {out_x, end < window.out_w ? end : window.out_w};
        const Strip own(params, own_places, count, channel, {begin, begin + shape.group}, outputs, strip);
        own.fill_padding();
        for (int64_t unit = units.begin; unit < units.end; ++unit) {
          const int64_t image = unit / tiles, out_y = unit % tiles * rows;
          own.interleave(input + image * image_elems, window.in_y(static_cast<int32_t>(out_y), 0));
          own.multiply(output + (image * window.out_h + out_y) * window.out_w * window.out_c, out_y + rows <= window.out_h);
        }
      }
    }
  }

  static constexpr Int8Kernel kernel(const char* name, Isa isa) {
    return {name, isa, accepts, packed_bytes, pack, scratch_bytes, units, run};
  }

 private:
  /// What a walk along the strip reads and writes.
  struct Line {
    const Int8Params& params;
    const std::byte* own;  // arrays and weights of the block
    const int8_t* from;
    int64_t column_bytes;
    int8_t* to;
    int64_t outputs;
    bool whole;  // the second output row exists
  };

  struct Strip {
    const Int8Params& params;
    const ColumnPlaces<Lanes>& places;
    int64_t group, channel;        // channels, and the first of them
    Range positions;               // of their blocks
    Range outputs;                 // of a row
    int64_t columns, first, last;  // columns, and those of the input among them
    int64_t padded;                // columns before them
    int8_t* strip;

    [[gnu::always_inline]] Strip(const Int8Params& own_params, const ColumnPlaces<Lanes>& own_places, int64_t channels,
                                 int64_t first_channel, Range own_positions, Range own_outputs, int8_t* memory)
        : params(own_params),
          places(own_places),
          group(channels),
          channel(first_channel),
          positions(own_positions),
          outputs(own_outputs),
          columns(StripShape::columns_of(params.window, outputs.end - outputs.begin)),
          strip(memory) {
      const int64_t begin = params.window.in_x(static_cast<int32_t>(outputs.begin), 0), end = begin + columns, in_w = params.window.in_w;
      first = begin > 0 ? begin : end > 0 ? 0 : end;
      last = end > in_w ? in_w : end;
      last = last < first ? first : last;
      padded = first - begin;
    }

    [[gnu::always_inline]] int64_t column_bytes() const { return group * Lanes::kTaps; }

    void fill_padding() const {
      const uint8_t code = Lanes::tap(static_cast<int8_t>(params.input_zero_point));
      auto* to = reinterpret_cast<uint8_t*>(strip);
      const int64_t right = padded + last - first;
      Lanes::fill(to, padded * column_bytes(), code);
      Lanes::fill(to + right * column_bytes(), (columns - right) * column_bytes(), code);
    }

    /// The columns inside the input, of the input rows from first_y on.
    void interleave(const int8_t* image, int64_t first_y) const {
      const Window& window = params.window;
      const auto* padding = reinterpret_cast<const int8_t*>(params.packed + places.padding_offset());
      const int8_t* rows[Lanes::kTaps];
      for (int64_t row = 0; row < Lanes::kTaps; ++row) {
        const int64_t y = first_y + (row < places.shape.read_rows() ? row : 0);  // weights of a row beyond are 0
        rows[row] = (y >= 0 && y < window.in_h ? image + y * window.in_w * window.in_c : padding) + first * window.in_c + channel;
      }
      int8_t* to = strip + padded * column_bytes();
      if (group == window.in_c) return run_of(rows, (last - first) * group, to);
      for (int64_t column = first; column < last; ++column, to += column_bytes()) {
        run_of(rows, group, to);
        for (auto& row : rows) row += window.in_c;
      }
    }

    /// Neighbouring codes; the last step is moved back, or, where it is the only one, not whole.
    [[gnu::always_inline]] static void run_of(const int8_t* const (&rows)[Lanes::kTaps], int64_t count, int8_t* to) {
      constexpr int64_t kStep = StripShape::kStep;
      if (count < kStep) return Lanes::interleave_first(rows, count, to);
      for (int64_t at = 0; at + kStep <= count; at += kStep) Lanes::interleave_in_order(rows, at, to + at * Lanes::kTaps);
      if (count % kStep != 0) Lanes::interleave_in_order(rows, count - kStep, to + (count - kStep) * Lanes::kTaps);
    }

    void multiply(int8_t* output, bool whole) const {
      const auto mode = *reinterpret_cast<const lanes::CodeMode*>(params.packed);
      places.for_blocks([&](const ColumnBlock& block) {
        if (block.position < positions.begin || block.position >= positions.end) return;
        const Line line = {params,
                           params.packed + places.block_offset(block),
                           strip + (block.channel - channel) * Lanes::kTaps,
                           column_bytes(),
                           output + outputs.begin * params.window.out_c + block.channel,
                           outputs.end - outputs.begin,
                           whole};
        block.vectors == 2 ? walk<2>(line, mode) : walk<1>(line, mode);
      });
    }

    template <int kVectors>
    [[gnu::always_inline]] void walk(const Line& line, lanes::CodeMode mode) const {
      params.window.stride_h == 1 ? by_mode<1, kVectors>(line, mode) : by_mode<2, kVectors>(line, mode);
    }
    template <int kStride, int kVectors>
    [[gnu::always_inline]] void by_mode(const Line& line, lanes::CodeMode mode) const {
      if (mode == lanes::CodeMode::kOneSided) return Walk<kStride, kVectors, lanes::CodeMode::kOneSided>::run(line);
      if (mode == lanes::CodeMode::kTwoSided) return Walk<kStride, kVectors, lanes::CodeMode::kTwoSided>::run(line);
      if (mode == lanes::CodeMode::kHalfEven) return Walk<kStride, kVectors, lanes::CodeMode::kHalfEven>::run(line);
      Walk<kStride, kVectors, lanes::CodeMode::kInteger>::run(line);
    }
  };

  /// Two outputs at a time: of two rows at stride 1, neighbours of one row at stride 2.
  template <int kStride, int kVectors, lanes::CodeMode kMode>
  struct Walk {
    static constexpr int64_t kWidth = kVectors * Lanes::kCount;
    static constexpr int kRows = kStride == 1 ? 2 : 1, kAcross = 2 / kRows;
    static constexpr int kFilter = StripShape::kFilter, kColumns = (kAcross - 1) * kStride + kFilter;

    [[gnu::noinline]] static void run(const Line& line) {
      const Window& window = line.params.window;
      const int64_t outputs = line.outputs, out_c = window.out_c, column_bytes = line.column_bytes;
      const int64_t second = kRows == 1 ? out_c : line.whole ? window.out_w * out_c : 0;  // of the two outputs; none: the first again
      const auto clamp = Lanes::byte_clamp(line.params.clamp.low, line.params.clamp.high);
      const int8_t* const strip = line.from;
      int8_t* const output_row = line.to;
      const Held held(line.own);
      for (int64_t out_x = 0; out_x < outputs; out_x += kAcross) {
        if (kAcross == 2 && out_x + 1 == outputs) --out_x;  // moved back: the output before is computed again
        Int sums[2][kVectors];
        held.multiply(strip + out_x * kStride * column_bytes, column_bytes, sums);
        if constexpr (kMode == lanes::CodeMode::kOneSided) {
          held.to_codes(sums);
        } else {
          codes_of(line, sums);
        }
        Lanes::store_in_order(output_row + out_x * out_c, sums, clamp, second);
      }
    }

   private:
    /// What stays in registers. Left where they are, constants would be loaded again after every store of bytes.
    struct Held {
      Int weights[kFilter][kRows][kVectors], bias[kVectors];
      Float slope[kVectors], rest[kVectors], constant[kVectors];

      [[gnu::always_inline]] explicit Held(const std::byte* own) {
        const auto* integers = reinterpret_cast<const int32_t*>(own);
        const auto* floats = reinterpret_cast<const float*>(own);
        const auto* packed = reinterpret_cast<const typename Lanes::Weight*>(integers + lanes::StepArrays::kArrays * kWidth);
#pragma GCC unroll 2
        for (int vector = 0; vector < kVectors; ++vector) {
          const int64_t at = vector * Lanes::kCount;
          bias[vector] = Lanes::load(integers + at);
          slope[vector] = Lanes::load(floats + 2 * kWidth + at);
          rest[vector] = Lanes::load(floats + 3 * kWidth + at);
          constant[vector] = Lanes::load(floats + 4 * kWidth + at);
#pragma GCC unroll 6
          for (int place = 0; place < kFilter * kRows; ++place) {
            weights[place / kRows][place % kRows][vector] = Lanes::load_weights(packed + (place * kWidth + at) * Lanes::kTaps);
          }
        }
      }

      [[gnu::always_inline]] void multiply(const int8_t* from, int64_t column_bytes, Int (&sums)[2][kVectors]) const {
#pragma GCC unroll 2
        for (int vector = 0; vector < kVectors; ++vector) sums[0][vector] = sums[1][vector] = bias[vector];
#pragma GCC unroll 5
        for (int column = 0; column < kColumns; ++column) {
#pragma GCC unroll 2
          for (int vector = 0; vector < kVectors; ++vector) {
            const Int taps = Lanes::load_bytes(from + column * column_bytes + vector * Lanes::kCount * Lanes::kTaps);
#pragma GCC unroll 2
            for (int output = 0; output < 2; ++output) {
              const int own = column - (kRows == 2 ? 0 : output * kStride), row = kRows == 2 ? output : 0;
              if (own >= 0 && own < kFilter) sums[output][vector] = Lanes::dot(sums[output][vector], taps, weights[own][row][vector]);
            }
          }
        }
      }

      [[gnu::always_inline]] void to_codes(Int (&sums)[2][kVectors]) const {
#pragma GCC unroll 2
        for (int output = 0; output < 2; ++output) {
#pragma GCC unroll 2
          for (int vector = 0; vector < kVectors; ++vector) {
            sums[output][vector] = Lanes::step_codes(sums[output][vector], slope[vector], rest[vector], constant[vector]);
          }
        }
      }
    };

    /// By the other modes.
    [[gnu::always_inline]] static void codes_of(const Line& line, Int (&sums)[2][kVectors]) {
      const auto* integers = reinterpret_cast<const int32_t*>(line.own);
      const auto* floats = reinterpret_cast<const float*>(line.own);
      const lanes::StepPointers steps = {line.params.output_zero_point, integers + kWidth,   floats + 2 * kWidth,
                                         floats + 3 * kWidth,           floats + 4 * kWidth, floats + 5 * kWidth};
      if constexpr (kMode == lanes::CodeMode::kTwoSided) {
        lanes::codes_along_steps<Lanes, true>(steps, sums);
      } else if constexpr (kMode == lanes::CodeMode::kHalfEven) {
        lanes::half_even_codes<Lanes>(steps, sums);
      } else {
        const lanes::Requantizer<Lanes> requantizer(line.params, line.own, kWidth);
        for (auto& output : sums) {
          for (int vector = 0; vector < kVectors; ++vector) output[vector] = requantizer.codes(output[vector], vector * Lanes::kCount);
        }
      }
    }
  };
};

}  // namespace liteqat::kernels::depthwise_conv2d
