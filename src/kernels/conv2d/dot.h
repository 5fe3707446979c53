// int8 convolution by dot products (lanes/dot_tile.h). Shared by the instruction sets that have them; a Lanes type of internal linkage
// gives the steps.
//
// The input of some output rows is copied once, with its padding, into strips of bytes: one per input row, every pixel once however many
// taps read it. Taps of one filter row are then neighbours in a strip, and pixels of one output row lie a fixed distance apart. A
// pointwise convolution without stride takes all pixels as one long row. Padded taps hold the input's zero point, whose product with the
// weights, like that of the shift of the codes, is folded into the bias; both exactly, modulo 2^32.
#pragma once

#include "kernels/conv2d/implementations.h"
#include "kernels/lanes/dot_epilogue.h"
#include "kernels/lanes/dot_tile.h"
#include "kernels/lanes/tile.h"

namespace liteqat::kernels::conv2d {

/// Sizes that follow from the window.
template <typename Lanes>
struct DotGeometry {
  /// Strips are made for as many output rows as fit in this, half of the nearest cache of common CPUs.
  static constexpr int64_t kStripBudget = 20 << 10;
  /// Below this many output pixels, several workers divide the channels: rows would be too few or too short.
  static constexpr int64_t kFewPixels = 64;

  bool flat, by_channels, wide;
  int64_t segments, segment_taps, padded_segment, strip_pixels, strip_bytes, group_rows, strips, blocks, positions;

  [[gnu::always_inline]] explicit DotGeometry(const Window& w)
      : flat(w.filter_h == 1 && w.filter_w == 1 && w.stride_h == 1 && w.stride_w == 1 && w.pad_top == 0 && w.pad_left == 0 &&
             w.in_h == w.out_h && w.in_w == w.out_w) {
    const bool whole_rows = w.dilation_w == 1 || w.filter_w == 1;
    segments = w.filter_h * (whole_rows ? 1 : w.filter_w);
    segment_taps = int64_t{w.in_c} * (whole_rows ? w.filter_w : 1);
    const lanes::TapPadding padding(segment_taps, lanes::has_single_block<Lanes>(w.out_c));
    padded_segment = padding.taps;
    wide = padding.wide;
    strip_pixels = int64_t{w.out_w - 1} * w.stride_w + int64_t{w.filter_w - 1} * w.dilation_w + 1;
    strip_bytes = flat ? padded_segment : lanes::round_up(strip_pixels * w.in_c + lanes::kWideTaps, kAlignment);
    const int64_t first_strips = int64_t{w.filter_h - 1} * w.dilation_h + 1, more_strips = w.stride_h;
    const int64_t rows = flat ? w.out_rows() * w.out_w : w.out_h;
    group_rows = flat ? kStripBudget / strip_bytes : (kStripBudget / strip_bytes - first_strips) / more_strips + 1;
    group_rows = group_rows < (flat ? 24 : 1) ? (flat ? 24 : 1) : group_rows;
    group_rows = group_rows > rows ? rows : group_rows;
    strips = flat ? group_rows : (group_rows - 1) * more_strips + first_strips;
    blocks = lanes::block_count<Lanes>(w.out_c);
    positions = lanes::position_count<Lanes>(w.out_c);
    by_channels = w.out_rows() * w.out_w < kFewPixels && blocks > 1;
  }

  int64_t padded_taps() const { return segments * padded_segment; }
};

template <typename Lanes>
struct Dot {
  using Geometry = DotGeometry<Lanes>;
  using Epilogue = lanes::CodeEpilogue<Lanes>;

  static bool accepts(const Int8Params&) { return true; }

  // Packed: geometry, mode and channel arrays, segment offsets, weights.
  static constexpr int64_t kGeometryBytes = (int64_t{sizeof(Geometry)} + kAlignment - 1) / kAlignment * kAlignment;
  static int64_t offsets_bytes(const Geometry& geometry) {
    return lanes::round_up(geometry.segments * int64_t{sizeof(int64_t)}, kAlignment);
  }
  static int64_t packed_bytes(const Int8Params& params) {
    const Geometry geometry(params.window);
    return kGeometryBytes + lanes::StepArrays::bytes(geometry.positions) + offsets_bytes(geometry) +
           geometry.positions * geometry.padded_taps();
  }

  static void pack(const Int8Params& params, std::byte* packed) {
    const Geometry geometry(params.window);
    __builtin_memcpy(packed, &geometry, sizeof(geometry));
    std::byte* arrays = packed + kGeometryBytes;
    std::byte* offsets = arrays + lanes::StepArrays::bytes(geometry.positions);
    pack_channels(params, geometry, arrays);
    pack_offsets(params.window, geometry, reinterpret_cast<int64_t*>(offsets));
    pack_weights(params, geometry, reinterpret_cast<int8_t*>(offsets + offsets_bytes(geometry)));
  }

  static int64_t scratch_bytes(const Int8Params& params) {
    const Geometry geometry(params.window);
    return geometry.strips * geometry.strip_bytes;
  }

  static int64_t units(const Int8Params& params) {
    const Geometry geometry(params.window);
    return geometry.by_channels ? geometry.blocks : params.window.out_rows();
  }

  static void run(const Int8Params& params, Range units, const int8_t* input, int8_t* output) {
    const Geometry& geometry = *reinterpret_cast<const Geometry*>(params.packed);
    const std::byte* arrays = params.packed + kGeometryBytes;
    const std::byte* offsets = arrays + lanes::StepArrays::bytes(geometry.positions);
    const Run run = {params.window,
                     geometry,
                     Epilogue(params, arrays, geometry.positions, params.window.out_c),
                     {reinterpret_cast<const int64_t*>(offsets), geometry.segments, geometry.padded_segment, geometry.wide},
                     reinterpret_cast<const int8_t*>(offsets + offsets_bytes(geometry)),
                     reinterpret_cast<uint8_t*>(params.scratch),
                     static_cast<int8_t>(params.input_zero_point),
                     geometry.by_channels ? units : Range{0, geometry.blocks}};
    const Range rows = geometry.by_channels ? Range{0, params.window.out_rows()} : units;
    geometry.flat ? run.flat(rows, input, output) : run.windows(rows, input, output);
  }

  static constexpr Int8Kernel kernel(const char* name, Isa isa) {
    return {name, isa, accepts, packed_bytes, pack, scratch_bytes, units, run};
  }

 private:
  static void pack_channels(const Int8Params& params, const Geometry& geometry, std::byte* packed_arrays) {
    const int64_t taps = int64_t{params.window.filter_h} * params.window.filter_w * params.window.in_c;
    const lanes::StepArrays arrays(packed_arrays, geometry.positions);
    const lanes::ChannelArrays integer(packed_arrays + lanes::StepArrays::kModeBytes, geometry.positions);
    const auto own_bias = [&](int64_t channel) { return params.bias == nullptr ? 0 : params.bias[channel]; };
    const auto folded_bias = [&](int64_t channel) {
      uint32_t sum = 0;
      for (int64_t tap = 0; tap < taps; ++tap) sum += static_cast<uint32_t>(params.weights[channel * taps + tap]);
      return static_cast<int32_t>(static_cast<uint32_t>(own_bias(channel)) -
                                  static_cast<uint32_t>(params.input_zero_point + Lanes::kInputShift) * sum);
    };
    *arrays.mode = lanes::CodeMode::kOneSided;
    lanes::for_positions<Lanes>(params.window.out_c, [&](int64_t channel, int64_t position) {
      if (*arrays.mode == lanes::CodeMode::kInteger) return;
      const auto bounds = lanes::accumulator_bounds(params.weights + channel * taps, taps, 1, own_bias(channel), params.input_zero_point);
      lanes::CodeSteps steps;
      if (!lanes::find_code_steps(params.multipliers[channel], params.output_zero_point, params.clamp, bounds, &steps)) {
        *arrays.mode = lanes::CodeMode::kInteger;
        return;
      }
      arrays.set(position, folded_bias(channel), steps);
      if (steps.two_sided) *arrays.mode = lanes::CodeMode::kTwoSided;
    });
    if (*arrays.mode != lanes::CodeMode::kInteger) return;
    lanes::for_positions<Lanes>(params.window.out_c, [&](int64_t channel, int64_t position) {
      integer.set(position, folded_bias(channel), params.multipliers[channel]);
    });
  }

  static void pack_offsets(const Window& window, const Geometry& geometry, int64_t* offsets) {
    const int64_t per_row = geometry.segments / window.filter_h;
    for (int64_t segment = 0; segment < geometry.segments; ++segment) {
      offsets[segment] =
          segment / per_row * window.dilation_h * geometry.strip_bytes + segment % per_row * window.dilation_w * int64_t{window.in_c};
    }
  }

  static void pack_weights(const Int8Params& params, const Geometry& geometry, int8_t* packed) {
    const int64_t taps = geometry.segments * geometry.segment_taps;
    lanes::for_positions<Lanes>(params.window.out_c, [&](int64_t channel, int64_t position) {
      const lanes::ChannelBlock block = lanes::block_of<Lanes>(position, params.window.out_c);
      for (int64_t tap = 0; tap < taps; ++tap) {
        const int64_t at = tap / geometry.segment_taps * geometry.padded_segment + tap % geometry.segment_taps;
        packed[lanes::weight_offset<Lanes>(block, position, at, geometry.padded_taps(), geometry.wide)] =
            params.weights[channel * taps + tap];
      }
    });
  }

  struct Run {
    const Window& window;
    const Geometry& geometry;
    Epilogue epilogue;
    lanes::DotTaps taps;
    const int8_t* weights;
    uint8_t* strips;
    int8_t padding;
    Range blocks;

    /// All pixels as one row.
    void flat(Range rows, const int8_t* input, int8_t* output) const {
      const int64_t in_c = window.in_c, end = rows.end * window.out_w;
      for (int64_t pixel = rows.begin * window.out_w; pixel < end; pixel += geometry.group_rows) {
        const int64_t count = end - pixel < geometry.group_rows ? end - pixel : geometry.group_rows;
        const int8_t* from = input + pixel * in_c;
        if (geometry.strip_bytes == in_c) {
          Lanes::copy_flipped(from, count * in_c, strips);
        } else {
          for (int64_t row = 0; row < count; ++row) Lanes::copy_flipped(from + row * in_c, in_c, strips + row * geometry.strip_bytes);
        }
        multiply(strips, geometry.strip_bytes, count, output + pixel * window.out_c);
      }
    }

    void windows(Range rows, const int8_t* input, int8_t* output) const {
      const int64_t image_elems = int64_t{window.in_h} * window.in_w * window.in_c, row_elems = int64_t{window.out_w} * window.out_c;
      for (int64_t row = rows.begin; row < rows.end;) {
        const int64_t image = row / window.out_h, out_y = row % window.out_h;
        int64_t count = window.out_h - out_y < geometry.group_rows ? window.out_h - out_y : geometry.group_rows;
        if (count > rows.end - row) count = rows.end - row;
        fill_strips(input + image * image_elems, window.in_y(static_cast<int32_t>(out_y), 0),
                    (count - 1) * window.stride_h + int64_t{window.filter_h - 1} * window.dilation_h + 1);
        lanes::for_blocks<Lanes>(window.out_c, blocks, [&](const lanes::ChannelBlock& block) {
          for (int64_t line = 0; line < count; ++line) {
            lanes::multiply_block<Lanes>(epilogue, taps, strips + line * window.stride_h * geometry.strip_bytes,
                                         int64_t{window.stride_w} * window.in_c, window.out_w, weights, block,
                                         output + (row + line) * row_elems);
          }
        });
        row += count;
      }
    }

    void multiply(const uint8_t* from, int64_t row_delta, int64_t count, int8_t* to) const {
      lanes::for_blocks<Lanes>(window.out_c, blocks, [&](const lanes::ChannelBlock& block) {
        lanes::multiply_block<Lanes>(epilogue, taps, from, row_delta, count, weights, block, to);
      });
    }

    /// Strips of the input rows from first_y on, padding included.
    void fill_strips(const int8_t* image, int64_t first_y, int64_t count) const {
      const int64_t in_c = window.in_c, begin = -int64_t{window.pad_left}, end = begin + geometry.strip_pixels;
      const int64_t first = begin < 0 ? 0 : begin, last = end < window.in_w ? end : window.in_w;
      const auto pad = static_cast<uint8_t>(padding ^ Lanes::kInputFlip);
      for (int64_t line = 0; line < count; ++line) {
        uint8_t* strip = strips + line * geometry.strip_bytes;
        const int64_t in_y = first_y + line;
        if (in_y < 0 || in_y >= window.in_h || first >= last) {
          Lanes::fill(strip, geometry.strip_pixels * in_c, pad);
          continue;
        }
        Lanes::fill(strip, (first - begin) * in_c, pad);
        Lanes::copy_flipped(image + (in_y * window.in_w + first) * in_c, (last - first) * in_c, strip + (first - begin) * in_c);
        Lanes::fill(strip + (last - begin) * in_c, (end - last) * in_c, pad);
      }
    }
  };
};

}  // namespace liteqat::kernels::conv2d
