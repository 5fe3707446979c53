// float32 convolution on strips (strips.h, float_products/). Shared by the instruction sets; a Lanes type of internal linkage gives the
// steps. Where no window reaches outside the image, the input itself serves as strips. Padded taps hold 0, equal to skipping them as long
// as no weight is infinite or NaN; such weights are not accepted.
#pragma once

#include "kernels/conv2d/implementations.h"
#include "kernels/conv2d/strips.h"
#include "kernels/float_products/float_products.h"
#include "kernels/lanes/pack_floats.h"

namespace liteqat::kernels::conv2d {

template <typename Lanes, float_products::Multiply kRounded, float_products::Multiply kFused>
struct FloatStrips {
  struct Geometry : StripGeometry<Lanes, true> {
    bool in_place;

    [[gnu::always_inline]] explicit Geometry(const Window& w)
        : StripGeometry<Lanes, true>(w, sizeof(float), 0, [](int64_t taps) { return taps; }) {
      const int64_t last_y = w.in_y(w.out_h - 1, w.filter_h - 1), last_x = w.in_x(w.out_w - 1, w.filter_w - 1);
      in_place = w.pad_top == 0 && w.pad_left == 0 && last_y < w.in_h && last_x < w.in_w;
      if (!in_place || this->flat) return;
      this->line_step = 1;
      this->strip_elems = int64_t{w.in_w} * w.in_c;
    }
    [[gnu::always_inline]] int64_t strip_count() const { return in_place ? 0 : this->strips; }
  };

  static bool accepts(const Float32Params& params) {
    const int64_t elems = int64_t{params.window.out_c} * params.window.filter_h * params.window.filter_w * params.window.in_c;
    for (int64_t elem = 0; elem < elems; ++elem) {
      if (!(params.weights[elem] - params.weights[elem] == 0.0f)) return false;  // infinite or NaN
    }
    return true;
  }

  // Packed: geometry, segment offsets, bias, weights.
  static constexpr int64_t kGeometryBytes = (int64_t{sizeof(Geometry)} + kAlignment - 1) / kAlignment * kAlignment;

  static int64_t packed_bytes(const Float32Params& params) {
    const Geometry geometry(params.window);
    return kGeometryBytes + geometry.offsets_bytes() + geometry.positions * (1 + geometry.padded_taps()) * int64_t{sizeof(float)};
  }

  static void pack(const Float32Params& params, std::byte* packed) {
    const Geometry geometry(params.window);
    __builtin_memcpy(packed, &geometry, sizeof(geometry));
    geometry.pack_offsets(params.window, reinterpret_cast<int64_t*>(packed + kGeometryBytes));
    auto* bias = reinterpret_cast<float*>(packed + kGeometryBytes + geometry.offsets_bytes());
    for (int64_t channel = 0; channel < params.window.out_c; ++channel)
      bias[channel] = params.bias == nullptr ? 0.0f : params.bias[channel];
    lanes::pack_float_blocks<Lanes>(params.weights, params.window.out_c, geometry.padded_taps(), bias + geometry.positions,
                                    geometry.block_vectors);
  }

  static int64_t scratch_bytes(const Float32Params& params) {
    const Geometry geometry(params.window);
    return geometry.strip_count() * geometry.strip_elems * int64_t{sizeof(float)};
  }

  static int64_t units(const Float32Params& params) { return Geometry(params.window).units(params.window); }

  static void run(const Float32Params& params, Range units, const float* input, float* output) {
    const Window& window = params.window;
    const Geometry& geometry = *reinterpret_cast<const Geometry*>(params.packed);
    const auto* offsets = reinterpret_cast<const int64_t*>(params.packed + kGeometryBytes);
    const auto* bias = reinterpret_cast<const float*>(params.packed + kGeometryBytes + geometry.offsets_bytes());
    const float_products::Epilogue epilogue = {bias, params.clamp, window.out_c};
    const auto multiply_rows = params.sum == numeric::FloatSum::kFused ? kFused : kRounded;
    const float_products::Taps taps = {offsets, geometry.segments, geometry.segment_taps};
    const Range blocks = geometry.by_channels ? units : Range{0, geometry.blocks};
    const Range rows = geometry.by_channels ? Range{0, window.out_rows()} : units;
    const int64_t out_c = window.out_c, image_elems = int64_t{window.in_h} * window.in_w * window.in_c;
    const auto multiply = [&](const float* from, int64_t row_delta, int64_t count, const lanes::ChannelBlock& block, int64_t pixel) {
      multiply_rows(epilogue, taps, from, row_delta, count, bias + geometry.positions, block, output + pixel * out_c);
    };
    if (geometry.flat) {
      const auto multiply_pixels = [&](Range some_blocks, int64_t pixel, int64_t end) {
        for (; pixel < end; pixel += geometry.group_rows) {
          const int64_t count = end - pixel < geometry.group_rows ? end - pixel : geometry.group_rows;
          lanes::for_blocks<Lanes>(
              out_c, some_blocks,
              [&](const lanes::ChannelBlock& block) { multiply(input + pixel * window.in_c, window.in_c, count, block, pixel); },
              geometry.block_vectors);
        }
      };
      if (geometry.block_units == 1) return multiply_pixels(blocks, rows.begin * window.out_w, rows.end * window.out_w);
      // The second half of a block, whole blocks, the first half of one.
      const int64_t pixels = window.out_rows() * window.out_w, half = (pixels + 1) / 2, last = units.end / 2;
      int64_t first = units.begin / 2;
      if (units.begin % 2 != 0) {
        multiply_pixels({first, first + 1}, half, pixels);
        ++first;
      }
      if (first < last) multiply_pixels({first, last}, 0, pixels);
      if (units.end % 2 != 0) multiply_pixels({last, last + 1}, 0, half);
      return;
    }
    auto* strips = reinterpret_cast<float*>(params.scratch);
    for_groups<Lanes>(window, geometry, rows, [&](int64_t image, int64_t row, int64_t out_y, int64_t count) {
      const float* from = input + image * image_elems;
      const int64_t first_y = window.in_y(static_cast<int32_t>(out_y), 0);
      if (geometry.in_place) {
        from += first_y * geometry.strip_elems;
      } else {
        fill_strips<Lanes>(window, geometry, from, first_y, geometry.strips_of(window, count), strips, Lanes::copy, Lanes::fill_zero);
        from = strips;
      }
      lanes::for_blocks<Lanes>(
          out_c, blocks,
          [&](const lanes::ChannelBlock& block) {
            for (int64_t line = 0; line < count; ++line) {
              multiply(from + geometry.line_offset(window, line), int64_t{window.stride_w} * window.in_c, window.out_w, block,
                       (row + line) * window.out_w);
            }
          },
          geometry.block_vectors);
    });
  }

  static constexpr Float32Kernel kernel(const char* name, Isa isa) {
    return {name, isa, accepts, packed_bytes, pack, scratch_bytes, units, run};
  }
};

}  // namespace liteqat::kernels::conv2d
