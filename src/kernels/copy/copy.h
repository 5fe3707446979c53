// The one kernel of all operators that only move elements (TRANSPOSE, SLICE, CONCATENATION, padding, space and batch rearrangements,
// nearest neighbours): a walk over a block of the output in which every axis says, position by position, where in the input its elements
// lie. Elements are bytes; no types. Exact. Input and output must not overlap.
//
// output[origin + sum of k: index[k] * step[k]] = input[sum of k: table[k][index[k]]]; a position that lies nowhere is filled with a value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/kernel.h"

namespace liteqat::kernels::copy {

inline constexpr size_t kMaxAxes = 8;
inline constexpr int64_t kNowhere = INT64_MIN;
inline constexpr size_t kNoTable = SIZE_MAX;

/// One axis of a block, in elements. Positions in the input are evenly spaced, or listed.
struct Axis {
  int64_t extent = 1, output_step = 0;
  int64_t input_origin = 0, input_step = 0;
  std::vector<int64_t> input{};  // if not empty: offset of every position, kNowhere for one that is filled
};

/// What the kernel walks, in bytes: runs that are contiguous on both sides are one piece.
struct Plan {
  struct Loop {
    int64_t extent, output_step, input_step;
    size_t table;  // start of its offsets in `offsets`, or kNoTable
  };
  std::vector<Loop> loops{};  // outermost first; may be empty
  std::vector<int64_t> offsets{};
  int64_t pieces = 1;  // the units of work
  int64_t piece_bytes = 0, input_origin = 0, output_origin = 0;
  int64_t elem_bytes = 1;
  std::vector<uint8_t> map{};  // empty, or 256 codes that replace those copied (elements of one byte)
};

/// Merges trailing axes that are contiguous on both sides. Origins in elements. Requires: at most kMaxAxes axes, none empty.
Plan make_plan(std::vector<Axis> axes, int64_t elem_bytes, int64_t input_origin, int64_t output_origin);

/// The element, in its first bytes, that stands where nothing is copied.
using Filling = std::array<std::byte, 8>;

void run(const Plan& plan, const Filling& filling, Range pieces, const std::byte* input, std::byte* output);

/// 256 uint8 codes of one scale as those of another, as TFLite's CONCATENATION has them: code * (scale ratio) - zero point * ratio in
/// float32, rounded half away, plus the output's zero point, cut to 0..255. The ratio is input scale * (1 / output scale).
std::vector<uint8_t> make_uint8_rescale(float input_scale, int32_t input_zero_point, float output_scale, int32_t output_zero_point);

}  // namespace liteqat::kernels::copy
