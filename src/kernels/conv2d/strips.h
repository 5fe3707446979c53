// How a convolution walks its input without gathering windows. Some output rows at a time, their input rows are laid out with padding as
// strips, one per input row, every pixel once however many taps read it. Taps of one filter row are then neighbours in a strip, and the
// pixels of one output row lie a fixed distance apart. A pointwise convolution without stride takes all pixels as one long row.
// Templates on a Lanes type of internal linkage, so nothing here is exported.
#pragma once

#include "kernels/kernel.h"
#include "kernels/lanes/blocks.h"
#include "kernels/window.h"

namespace liteqat::kernels::conv2d {

/// Sizes that follow from the window; extents in elements. kNarrow: blocks have two vectors where workers divide the channels, and a unit
/// is half of a block's pixels, so that their shares are about equal.
template <typename Lanes, bool kNarrow>
struct StripGeometry {
  /// Strips are made for as many output rows as fit in this, half of the nearest cache of common CPUs.
  static constexpr int64_t kBudgetBytes = 20 << 10;
  /// Rows of a flat convolution that share a block's weights, at least.
  static constexpr int64_t kLeastFlatRows = 24;
  /// Below this many output pixels, several workers divide the channels: rows would be too few or too short.
  static constexpr int64_t kFewPixels = 64;
  /// Fewer wait for weights, which wide blocks read faster.
  static constexpr int64_t kLeastNarrowPixels = 16;

  bool flat, by_channels;
  int64_t segments, segment_taps;     // runs of neighbouring taps, and the taps of one
  int64_t padded_segment;             // taps of a segment as the kernel takes them
  int64_t strip_pixels, strip_elems;  // flat: of one pixel
  int64_t line_step;                  // input rows from one strip to the next
  int64_t group_rows, strips;         // output rows (flat: pixels) at a time, and their strips
  int64_t blocks, positions;
  int32_t block_vectors;  // of a block, at most
  int32_t block_units;    // into which a block's pixels are divided: 2, or 1

  /// `pad_segment` gives padded_segment; strips end in `slack_elems` more than their pixels, which kernels may read.
  template <typename PadSegment>
  [[gnu::always_inline]] StripGeometry(const Window& w, int64_t elem_bytes, int64_t slack_elems, const PadSegment& pad_segment)
      : flat(w.filter_h == 1 && w.filter_w == 1 && w.stride_h == 1 && w.stride_w == 1 && w.pad_top == 0 && w.pad_left == 0 &&
             w.in_h == w.out_h && w.in_w == w.out_w) {
    const bool whole_rows = w.dilation_w == 1 || w.filter_w == 1;
    segments = w.filter_h * (whole_rows ? 1 : w.filter_w);
    segment_taps = int64_t{w.in_c} * (whole_rows ? w.filter_w : 1);
    padded_segment = pad_segment(segment_taps);
    strip_pixels = int64_t{w.out_w - 1} * w.stride_w + int64_t{w.filter_w - 1} * w.dilation_w + 1;
    strip_elems = flat ? padded_segment : lanes::round_up(strip_pixels * w.in_c + slack_elems, kAlignment / elem_bytes);
    line_step = w.filter_h == 1 ? w.stride_h : 1;
    const int64_t fitting = kBudgetBytes / (strip_elems * elem_bytes), rows = flat ? w.out_rows() * w.out_w : w.out_h;
    const int64_t first_strips = int64_t{w.filter_h - 1} * w.dilation_h + 1, more_strips = w.stride_h / line_step;
    group_rows = flat ? fitting : (fitting - first_strips) / more_strips + 1;
    const int64_t least = flat ? kLeastFlatRows : 1;
    group_rows = group_rows < least ? least : group_rows;
    group_rows = group_rows > rows ? rows : group_rows;
    strips = flat ? group_rows : strips_of(w, group_rows);
    const int64_t pixels = w.out_rows() * w.out_w;
    block_vectors = kNarrow && pixels >= kLeastNarrowPixels && pixels < kFewPixels ? 2 : Lanes::kBlockVectors;
    blocks = lanes::block_count<Lanes>(w.out_c, block_vectors);
    positions = lanes::position_count<Lanes>(w.out_c, block_vectors);
    by_channels = pixels < kFewPixels && blocks > 1;
    block_units = kNarrow && flat && by_channels && pixels >= kLeastNarrowPixels ? 2 : 1;
  }

  [[gnu::always_inline]] int64_t padded_taps() const { return segments * padded_segment; }
  [[gnu::always_inline]] int64_t units(const Window& w) const { return by_channels ? blocks * block_units : w.out_rows(); }

  /// Strips that `rows` output rows read.
  [[gnu::always_inline]] int64_t strips_of(const Window& w, int64_t rows) const {
    return (rows - 1) * (w.stride_h / line_step) + int64_t{w.filter_h - 1} * w.dilation_h + 1;
  }
  /// Where output row `line` of a group begins.
  [[gnu::always_inline]] int64_t line_offset(const Window& w, int64_t line) const { return line * (w.stride_h / line_step) * strip_elems; }

  [[gnu::always_inline]] void pack_offsets(const Window& w, int64_t* offsets) const {
    const int64_t per_row = segments / w.filter_h;
    for (int64_t segment = 0; segment < segments; ++segment) {
      offsets[segment] = segment / per_row * w.dilation_h * strip_elems + segment % per_row * w.dilation_w * int64_t{w.in_c};
    }
  }
  [[gnu::always_inline]] int64_t offsets_bytes() const { return lanes::round_up(segments * int64_t{sizeof(int64_t)}, kAlignment); }
};

/// Strips of input rows first_y, first_y + line_step, ...: copy(from, count, to) for pixels, fill(to, count) for padding; counts in
/// elements.
template <typename Lanes, typename Geometry, typename From, typename To, typename Copy, typename Fill>
[[gnu::always_inline]] inline void fill_strips(const Window& window, const Geometry& geometry, const From* image, int64_t first_y,
                                               int64_t count, To* strips, const Copy& copy, const Fill& fill) {
  const int64_t in_c = window.in_c, begin = -int64_t{window.pad_left}, end = begin + geometry.strip_pixels;
  const int64_t first = begin < 0 ? 0 : begin, last = end < window.in_w ? end : window.in_w;
  for (int64_t line = 0; line < count; ++line) {
    To* strip = strips + line * geometry.strip_elems;
    const int64_t in_y = first_y + line * geometry.line_step;
    if (in_y < 0 || in_y >= window.in_h || first >= last) {
      fill(strip, geometry.strip_pixels * in_c);
      continue;
    }
    fill(strip, (first - begin) * in_c);
    copy(image + (in_y * window.in_w + first) * in_c, (last - first) * in_c, strip + (first - begin) * in_c);
    fill(strip + (last - begin) * in_c, (end - last) * in_c);
  }
}

/// Calls group(image, first row of all images, out_y, rows) for groups of output rows of one image each.
template <typename Lanes, typename Geometry, typename Group>
[[gnu::always_inline]] inline void for_groups(const Window& window, const Geometry& geometry, Range rows, const Group& group) {
  for (int64_t row = rows.begin; row < rows.end;) {
    const int64_t image = row / window.out_h, out_y = row % window.out_h;
    int64_t count = window.out_h - out_y < geometry.group_rows ? window.out_h - out_y : geometry.group_rows;
    if (count > rows.end - row) count = rows.end - row;
    group(image, row, out_y, count);
    row += count;
  }
}

}  // namespace liteqat::kernels::conv2d
