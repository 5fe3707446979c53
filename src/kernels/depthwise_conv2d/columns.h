// int8 depthwise convolution with 5x5 filters, and 3x3 without strips.h, along rows of the image: a tile is one or two output rows by one
// block of channels, and walks over the columns of the input. A column's rows are interleaved once, Lanes::kTaps rows per channel, and
// multiplied into every output that reads it: the columns under the filter wait in registers, and so do the weights where they fit. Only
// for a depth multiplier of 1, no dilation, equal strides of 1 or 2. A Lanes type of internal linkage gives the steps.
//
// Rows outside the input are read from a row of zero points, columns outside from its begin. The product of the zero point (and of the
// shift of the codes, lanes/dot_tile.h) with the weights is folded into the bias, exactly, modulo 2^32.
#pragma once

#include "kernels/depthwise_conv2d/column_blocks.h"
#include "kernels/lanes/dot_epilogue.h"

namespace liteqat::kernels::depthwise_conv2d {

/// kFilter x kFilter at stride kStride.
template <typename Lanes, int kFilter, int kStride>
struct Columns {
  using Int = typename Lanes::Int;
  using Weight = typename Lanes::Weight;

  static constexpr ColumnShape kShape = column_shape(kFilter, kStride, Lanes::kTaps, Lanes::kTileSums);
  static constexpr int kRows = kShape.rows(), kReadRows = kShape.read_rows(), kGroups = kShape.groups();
  static constexpr int kInRows = kGroups * Lanes::kTaps;

  static int64_t row_tiles(const Window& window) { return (window.out_h + kRows - 1) / kRows; }

  [[gnu::noinline]] static void run(const Int8Params& params, Range units, const int8_t* input, int8_t* output) {
    const Window& window = params.window;
    const ColumnPlaces<Lanes> places(kShape, window);
    const int64_t tiles = row_tiles(window), image_elems = int64_t{window.in_h} * window.in_w * window.in_c;
    const auto* padding = reinterpret_cast<const int8_t*>(params.packed + places.padding_offset());
    Tile tile = {params, places, Lanes::byte_clamp(params.clamp.low, params.clamp.high), padding, {}, true};
    for (int64_t unit = units.begin; unit < units.end; ++unit) {
      const int64_t image = unit / tiles, out_y = unit % tiles * kRows;
      tile.place(input + image * image_elems, window.in_y(static_cast<int32_t>(out_y), 0));
      tile.whole = out_y + kRows <= window.out_h;
      tile.run(output + (image * window.out_h + out_y) * window.out_w * window.out_c);
    }
  }

 private:
  /// kRows rows of outputs.
  struct Tile {
    const Int8Params& params;
    const ColumnPlaces<Lanes>& places;
    typename Lanes::ByteClamp clamp;
    const int8_t* padding;
    const int8_t* rows[kInRows];  // of the input, at column 0
    bool whole;                   // all kRows exist

    [[gnu::always_inline]] void place(const int8_t* image, int64_t first_y) {
      const Window& window = params.window;
#pragma GCC unroll 1
      for (int row = 0; row < kInRows; ++row) {
        const int64_t y = first_y + (row < kReadRows ? row : kReadRows - 1);  // weights of rows beyond are 0
        rows[row] = y >= 0 && y < window.in_h ? image + y * window.in_w * window.in_c : padding;
      }
    }

    [[gnu::always_inline]] void run(int8_t* output) const {
      places.for_blocks([&](const ColumnBlock& block) {
        if constexpr (kShape.most_vectors == 2) {
          if (block.vectors == 2) Walk<2>::run(*this, block, output + block.channel);
        }
        if (block.vectors == 1) Walk<1>::run(*this, block, output + block.channel);
      });
    }
  };

  /// One block along the row.
  template <int kVectors>
  struct Walk {
    static constexpr int64_t kWidth = kVectors * Lanes::kCount;
    using Sums = Int[kRows][kVectors];
    using Taps = Int[kGroups][kVectors];
    using Ring = Taps[kFilter];  // the columns under the filter
    using Weights = Int[kFilter][kGroups][kRows][kVectors];

    /// Whether all weights stay in registers beside ring and sums, as tiles with as many sums do beside what they multiply.
    static constexpr bool kHeld = (kFilter * kGroups * (1 + kRows) + kRows) * kVectors <= Lanes::kTileSums;

    [[gnu::noinline]] static void run(const Tile& tile, const ColumnBlock& block, int8_t* to) {
      const Walk walk(tile);
      Place place = {tile.params.packed + tile.places.block_offset(block), {}, 0, -int64_t{tile.params.window.pad_left}, to};
#pragma GCC unroll 8
      for (int row = 0; row < kInRows; ++row) {
        place.from[row] = tile.rows[row] + block.channel;
        lanes::keep_as_base(place.from[row]);  // not a vector of addresses
      }
      Weights weights;
      if constexpr (kHeld) {
        for_products([&](int column, int group, int row, int vector) __attribute__((always_inline)) {
          Int& own = weights[column][group][row][vector];
          own = weight(place.own, column, group, row, vector);
          Lanes::keep_in_register(own);
        });
      }
      Ring ring;
#pragma GCC unroll 5
      for (int column = 0; column < kFilter - kStride; ++column) walk.load(place, ring[column]);
      int64_t left = walk.out_w;
      while (walk.template outputs<0>(place, weights, ring, left)) {
      }
    }

   private:
    /// Where a walk is.
    struct Place {
      const std::byte* own;         // arrays and weights of the block
      const int8_t* from[kInRows];  // of the input, at column 0
      int64_t offset, x;            // of the next column
      int8_t* to;                   // of the next output
    };

    // By value, as stores of bytes may alias what is behind a reference.
    const Tile& tile;
    const typename Lanes::ByteClamp clamp;
    const lanes::CodeMode mode;
    const int8_t* const padding;
    const int32_t zero_point;  // of the output
    const int64_t in_w, out_w, out_c, row_elems;
    const bool whole;

    [[gnu::always_inline]] explicit Walk(const Tile& own_tile)
        : tile(own_tile),
          clamp(tile.clamp),
          mode(*reinterpret_cast<const lanes::CodeMode*>(tile.params.packed)),
          padding(tile.padding),
          zero_point(tile.params.output_zero_point),
          in_w(tile.params.window.in_w),
          out_w(tile.params.window.out_w),
          out_c(tile.params.window.out_c),
          row_elems(out_w * out_c),
          whole(tile.whole) {}

    /// One column of outputs; then the ring moves on or, where weights are held, the columns' places change instead: kFirst is that of the
    /// filter's first column, and all outputs of a turn follow. False once none are left.
    template <int kFirst>
    [[gnu::always_inline]] bool outputs(Place& place, const Weights& weights, Ring& ring, int64_t& left) const {
#pragma GCC unroll 2
      for (int column = kFilter - kStride; column < kFilter; ++column) load(place, ring[(kFirst + column) % kFilter]);
      lanes::keep_as_base(place.own);
      Sums sums;
      start(place.own, sums);
      for_products([&](int column, int group, int row, int vector) __attribute__((always_inline)) {
        const Int own = kHeld ? weights[column][group][row][vector] : weight(place.own, column, group, row, vector);
        sums[row][vector] = Lanes::dot(sums[row][vector], ring[(kFirst + column) % kFilter][group][vector], own);
      });
      finish(place.own, sums, place.to);
      place.to += out_c;
      if (--left == 0) return false;
      constexpr int kNext = kHeld ? (kFirst + kStride) % kFilter : 0;
      if constexpr (!kHeld) move_on(ring);
      if constexpr (kNext == 0) {
        return true;
      } else {
        return outputs<kNext>(place, weights, ring, left);
      }
    }

    [[gnu::always_inline]] static void move_on(Ring& ring) {
#pragma GCC unroll 5
      for (int column = kStride; column < kFilter; ++column) {
#pragma GCC unroll 4
        for (int group = 0; group < kGroups; ++group) {
#pragma GCC unroll 2
          for (int vector = 0; vector < kVectors; ++vector) ring[column - kStride][group][vector] = ring[column][group][vector];
        }
      }
    }

    [[gnu::always_inline]] void load(Place& place, Taps& taps) const {
      const bool inside = place.x >= 0 && place.x < in_w;
      ++place.x;
      const auto interleave = [&](const auto& pixel) __attribute__((always_inline)) {
        const int8_t* pixels[kInRows];
#pragma GCC unroll 8
        for (int row = 0; row < kInRows; ++row) pixels[row] = pixel(row);
#pragma GCC unroll 4
        for (int group = 0; group < kGroups; ++group) Lanes::interleave(pixels + group * Lanes::kTaps, 0, kWidth, taps[group]);
      };
      if (!inside) return interleave([&](int) { return padding; });
      interleave([&](int row) { return place.from[row] + place.offset; });
      place.offset += out_c;
    }

    [[gnu::always_inline]] static const int32_t* integers(const std::byte* own, int array) {
      return reinterpret_cast<const int32_t*>(own) + array * kWidth;
    }
    [[gnu::always_inline]] static const float* floats(const std::byte* own, int array) {
      return reinterpret_cast<const float*>(own) + array * kWidth;
    }

    [[gnu::always_inline]] static void start(const std::byte* own, Sums& sums) {
#pragma GCC unroll 2
      for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 2
        for (int vector = 0; vector < kVectors; ++vector) sums[row][vector] = Lanes::load(integers(own, 0) + vector * Lanes::kCount);
      }
    }

    /// Calls each(column, group, row, vector) for all weights that are not 0 by their place.
    template <typename Each>
    [[gnu::always_inline]] static void for_products(const Each& each) {
#pragma GCC unroll 5
      for (int column = 0; column < kFilter; ++column) {
#pragma GCC unroll 4
        for (int group = 0; group < kGroups; ++group) {
#pragma GCC unroll 2
          for (int row = 0; row < kRows; ++row) {
            // No tap of this output row lies in a group wholly above or below it.
            if ((group + 1) * Lanes::kTaps <= row * kStride || group * Lanes::kTaps >= row * kStride + kFilter) continue;
#pragma GCC unroll 2
            for (int vector = 0; vector < kVectors; ++vector) each(column, group, row, vector);
          }
        }
      }
    }

    [[gnu::always_inline]] static Int weight(const std::byte* own, int column, int group, int row, int vector) {
      const auto* weights = reinterpret_cast<const Weight*>(integers(own, lanes::StepArrays::kArrays));
      const int64_t index = ((column * kGroups + group) * kRows + row) * kVectors + vector;
      return Lanes::load_weights(weights + index * Lanes::kCount * Lanes::kTaps);
    }

    [[gnu::always_inline]] static void copy(const Sums& from, Sums& to) {
#pragma GCC unroll 2
      for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
        for (int vector = 0; vector < kVectors; ++vector) to[row][vector] = from[row][vector];
      }
    }

    [[gnu::always_inline]] void finish(const std::byte* own, Sums& sums, int8_t* to) const {
      if (!Lanes::kHasSteps || mode == lanes::CodeMode::kInteger) {
        Sums kept;
        copy(sums, kept);
        return store_column_integers<Lanes, kVectors>(tile.params, own, kept, whole ? kRows : 1, to);
      }
      if constexpr (Lanes::kHasSteps) {
        const lanes::StepPointers steps = {zero_point, integers(own, 1), floats(own, 2), floats(own, 3), floats(own, 4), floats(own, 5)};
        lanes::codes_by_mode<Lanes>(mode, steps, sums);
        if (kRows == 1 || whole) return lanes::store_rows<Lanes, kRows, kVectors>(sums, kWidth, clamp, to, row_elems);
        lanes::store_codes<Lanes, kVectors>(sums[0], kWidth, clamp, to);
      }
    }
  };
};

/// The filter sizes and strides together. kSmall: filters of 3x3 as well, which have a kernel of their own where four rows interleave
/// (strips.h).
template <typename Lanes, bool kSmall = Lanes::kTaps != 4>
struct AnyColumns {
  static bool accepts(const Int8Params& params) {
    const Window& w = params.window;
    return w.out_c == w.in_c && w.out_c >= Lanes::kCount && w.filter_h == w.filter_w && ((kSmall && w.filter_h == 3) || w.filter_h == 5) &&
           w.stride_h == w.stride_w && w.stride_h <= 2 && w.dilation_h == 1 && w.dilation_w == 1 &&
           w.out_w > w.stride_w;  // narrower ones spend more on the columns beside them than they save
  }

  static ColumnPlaces<Lanes> places(const Int8Params& params) {
    const Window& w = params.window;
    return {column_shape(w.filter_h, w.stride_h, Lanes::kTaps, Lanes::kTileSums), w};
  }
  static int64_t packed_bytes(const Int8Params& params) { return places(params).bytes(); }
  static void pack(const Int8Params& params, std::byte* packed) { places(params).pack(params, packed); }
  static int64_t scratch_bytes(const Int8Params&) { return 0; }
  static int64_t units(const Int8Params& params) {
    const int64_t rows = places(params).shape.rows();
    return params.window.batch * ((params.window.out_h + rows - 1) / rows);
  }

  static void run(const Int8Params& params, Range units, const int8_t* input, int8_t* output) {
    [[maybe_unused]] const bool small = params.window.filter_h == 3;
    const bool dense = params.window.stride_h == 1;
    if constexpr (kSmall) {
      if (small && dense) return Columns<Lanes, 3, 1>::run(params, units, input, output);
      if (small) return Columns<Lanes, 3, 2>::run(params, units, input, output);
    }
    if (dense) return Columns<Lanes, 5, 1>::run(params, units, input, output);
    return Columns<Lanes, 5, 2>::run(params, units, input, output);
  }

  static constexpr Int8Kernel kernel(const char* name, Isa isa) {
    return {name, isa, accepts, packed_bytes, pack, scratch_bytes, units, run};
  }
};

}  // namespace liteqat::kernels::depthwise_conv2d
