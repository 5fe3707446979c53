// int8 convolution by dot products (lanes/dot_tile.h). Shared by the instruction sets; a Lanes type of internal linkage
// gives the steps.
//
// The input is copied once, as the taps that dot() takes, into strips (strips.h). Padded taps hold the input's zero point, whose product
// with the weights, like that of the shift of the codes, is folded into the bias; both exactly, modulo 2^32.
#pragma once

#include "kernels/conv2d/implementations.h"
#include "kernels/conv2d/strips.h"
#include "kernels/lanes/code_channels.h"
#include "kernels/lanes/dot_epilogue.h"
#include "kernels/lanes/dot_tile.h"
#include "kernels/lanes/paired_tile.h"

namespace liteqat::kernels::conv2d {

template <typename Lanes>
struct Dot {
  using Tap = typename Lanes::Tap;
  using Weight = typename Lanes::Weight;
  struct Geometry : StripGeometry<Lanes, false> {
    bool wide;

    [[gnu::always_inline]] explicit Geometry(const Window& w)
        : StripGeometry<Lanes, false>(w, sizeof(Tap), lanes::kWideTaps<Lanes>, [&](int64_t taps) { return padding(w, taps).taps; }),
          wide(padding(w, this->segment_taps).wide) {}

   private:
    static lanes::TapPadding<Lanes> padding(const Window& w, int64_t taps) { return {taps, lanes::has_single_block<Lanes>(w.out_c)}; }
  };
  using Epilogue = lanes::CodeEpilogue<Lanes>;

  static bool accepts(const Int8Params&) { return true; }

  // Packed: geometry, mode and channel arrays, segment offsets, weights.
  static constexpr int64_t kGeometryBytes = (int64_t{sizeof(Geometry)} + kAlignment - 1) / kAlignment * kAlignment;
  static int64_t packed_bytes(const Int8Params& params) {
    const Geometry geometry(params.window);
    return kGeometryBytes + lanes::StepArrays::bytes(geometry.positions) + geometry.offsets_bytes() +
           geometry.positions * geometry.padded_taps() * int64_t{sizeof(Weight)};
  }

  static void pack(const Int8Params& params, std::byte* packed) {
    const Geometry geometry(params.window);
    __builtin_memcpy(packed, &geometry, sizeof(geometry));
    std::byte* arrays = packed + kGeometryBytes;
    std::byte* offsets = arrays + lanes::StepArrays::bytes(geometry.positions);
    const int64_t taps = geometry.segments * geometry.segment_taps;
    const lanes::ChannelTaps channel_taps = {.taps = taps, .channel_stride = taps, .tap_stride = 1};
    lanes::pack_code_positions<Lanes>(
        params, params.window.out_c, channel_taps,
        [&](int64_t channel) { return lanes::sum_of_taps<Lanes>(params.weights, channel_taps, channel); }, arrays, true);
    geometry.pack_offsets(params.window, reinterpret_cast<int64_t*>(offsets));
    pack_weights(params, geometry, reinterpret_cast<Weight*>(offsets + geometry.offsets_bytes()));
  }

  static int64_t scratch_bytes(const Int8Params& params) {
    const Geometry geometry(params.window);
    return geometry.strips * geometry.strip_elems * int64_t{sizeof(Tap)};
  }

  static int64_t units(const Int8Params& params) { return Geometry(params.window).units(params.window); }

  static void run(const Int8Params& params, Range units, const int8_t* input, int8_t* output) {
    const Geometry& geometry = *reinterpret_cast<const Geometry*>(params.packed);
    const std::byte* arrays = params.packed + kGeometryBytes;
    const std::byte* offsets = arrays + lanes::StepArrays::bytes(geometry.positions);
    const Run run = {params.window,
                     geometry,
                     Epilogue(params, arrays, geometry.positions, params.window.out_c),
                     {reinterpret_cast<const int64_t*>(offsets), geometry.segments, geometry.padded_segment, geometry.wide},
                     reinterpret_cast<const Weight*>(offsets + geometry.offsets_bytes()),
                     reinterpret_cast<Tap*>(params.scratch),
                     Lanes::tap(static_cast<int8_t>(params.input_zero_point)),
                     geometry.by_channels ? units : Range{0, geometry.blocks}};
    const Range rows = geometry.by_channels ? Range{0, params.window.out_rows()} : units;
    geometry.flat ? run.flat(rows, input, output) : run.windows(rows, input, output);
  }

  static constexpr Int8Kernel kernel(const char* name, Isa isa) {
    return {name, isa, accepts, packed_bytes, pack, scratch_bytes, units, run};
  }

 private:
  static void pack_weights(const Int8Params& params, const Geometry& geometry, Weight* packed) {
    const int64_t taps = geometry.segments * geometry.segment_taps;
    lanes::for_positions<Lanes>(
        params.window.out_c,
        [&](int64_t channel, int64_t position) {
          const lanes::ChannelBlock block = lanes::block_of<Lanes>(position, params.window.out_c);
          for (int64_t segment = 0; segment < geometry.segments; ++segment) {
            Weight* to = packed + lanes::weight_offset<Lanes>(block, position, segment * geometry.padded_segment, geometry.padded_taps(),
                                                              geometry.wide);
            lanes::pack_segment<Lanes>(block, params.weights + channel * taps + segment * geometry.segment_taps, geometry.segment_taps,
                                       geometry.wide, to);
          }
        },
        true);
  }

  struct Run {
    const Window& window;
    const Geometry& geometry;
    Epilogue epilogue;
    lanes::DotTaps taps;
    const Weight* weights;
    Tap* strips;
    Tap padding;
    Range blocks;

    /// All pixels as one row.
    void flat(Range rows, const int8_t* input, int8_t* output) const {
      const int64_t in_c = window.in_c, end = rows.end * window.out_w;
      for (int64_t pixel = rows.begin * window.out_w; pixel < end; pixel += geometry.group_rows) {
        const int64_t count = end - pixel < geometry.group_rows ? end - pixel : geometry.group_rows;
        const int8_t* from = input + pixel * in_c;
        if (geometry.strip_elems == in_c) {
          Lanes::copy_taps(from, count * in_c, strips);
        } else {
          for (int64_t row = 0; row < count; ++row) Lanes::copy_taps(from + row * in_c, in_c, strips + row * geometry.strip_elems);
        }
        multiply(strips, geometry.strip_elems, count, output + pixel * window.out_c);
      }
    }

    void windows(Range rows, const int8_t* input, int8_t* output) const {
      const int64_t image_elems = int64_t{window.in_h} * window.in_w * window.in_c, row_elems = int64_t{window.out_w} * window.out_c;
      const auto fill = [&](Tap* to, int64_t count) { Lanes::fill(to, count, padding); };
      for_groups<Lanes>(window, geometry, rows, [&](int64_t image, int64_t row, int64_t out_y, int64_t count) {
        fill_strips<Lanes>(window, geometry, input + image * image_elems, window.in_y(static_cast<int32_t>(out_y), 0),
                           geometry.strips_of(window, count), strips, Lanes::copy_taps, fill);
        lanes::for_blocks<Lanes>(window.out_c, blocks, [&](const lanes::ChannelBlock& block) {
          for (int64_t line = 0; line < count; ++line) {
            multiply_block(strips + geometry.line_offset(window, line), int64_t{window.stride_w} * window.in_c, window.out_w, block,
                           output + (row + line) * row_elems);
          }
        });
      });
    }

    void multiply(const Tap* from, int64_t row_delta, int64_t count, int8_t* to) const {
      lanes::for_blocks<Lanes>(window.out_c, blocks,
                               [&](const lanes::ChannelBlock& block) { multiply_block(from, row_delta, count, block, to); });
    }

    [[gnu::always_inline]] void multiply_block(const Tap* from, int64_t row_delta, int64_t count, const lanes::ChannelBlock& block,
                                               int8_t* to) const {
      if constexpr (requires(typename Lanes::Int x) { Lanes::join_halves(x, x); }) {
        if (lanes::is_paired<Lanes>(block)) {
          return lanes::multiply_paired<Lanes>(epilogue, taps, from, row_delta, count, weights, block, to);
        }
      }
      lanes::multiply_block<Lanes>(epilogue, taps, from, row_delta, count, weights, block, to);
    }
  };
};

}  // namespace liteqat::kernels::conv2d
