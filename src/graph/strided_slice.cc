#include "graph/strided_slice.h"

#include <algorithm>
#include <bit>

namespace liteqat::graph {
namespace {

constexpr size_t kMostIndices = 31;  // the masks are 32-bit integers

bool has_bit(int32_t mask, size_t position) {
  return (static_cast<uint32_t>(mask) >> position & 1) != 0;
}

int32_t clamp_position(int64_t position, int32_t extent, bool forward) {
  if (position < 0) position += extent;
  return static_cast<int32_t>(forward ? std::clamp<int64_t>(position, 0, extent) : std::clamp<int64_t>(position, -1, extent - 1));
}

Status check_indices(const Shape& input, const SliceIndices& indices, const StridedSliceParams& params) {
  const size_t count = indices.begin.size();
  if (indices.end.size() != count || indices.strides.size() != count || count > kMostIndices) {
    return error(Code::kMismatch, "begin, end and strides must have equal lengths of at most {}, found {}, {} and {}", kMostIndices, count,
                 indices.end.size(), indices.strides.size());
  }
  const uint32_t given = (uint32_t{1} << count) - 1;
  const auto ellipsis = static_cast<uint32_t>(params.ellipsis_mask);
  if ((ellipsis & ~given) != 0 || std::popcount(ellipsis) > 1 || (static_cast<uint32_t>(params.new_axis_mask) & ~given) != 0) {
    return error(Code::kUnsupported, "ellipsis mask {} and new-axis mask {} must lie within {} indices, with one ellipsis at most",
                 params.ellipsis_mask, params.new_axis_mask, count);
  }
  const auto added = static_cast<size_t>(std::popcount(static_cast<uint32_t>(params.new_axis_mask) & ~ellipsis));
  if (count - added > input.size()) {  // so an ellipsis stands for one axis at least
    return error(Code::kUnsupported, "{} indices ({} of them new axes, ellipsis mask {}) are more than the axes of an input {}", count,
                 added, params.ellipsis_mask, shape_text(input));
  }
  // TFLite's kernel reads one offset for every axis of the input, whatever was given.
  if (params.end_is_offset && (ellipsis != 0 || added != 0 || params.end_mask != 0 || count != input.size())) {
    return error(Code::kUnsupported,
                 "ends that are offsets need one for every axis of an input {}, no ellipsis, no new axes and no end mask",
                 shape_text(input));
  }
  return {};
}

/// One axis that an index selects from.
Result<SlicedAxis> select(const SliceIndices& indices, const StridedSliceParams& params, size_t index, int32_t axis, int32_t extent) {
  const int32_t step = indices.strides[index];
  if (step == 0 || step == INT32_MIN) return error(Code::kOutOfRange, "stride {} of index {} is not supported", step, index);
  const bool forward = step > 0;
  int32_t begin = clamp_position(indices.begin[index], extent, forward);
  if (has_bit(params.begin_mask, index)) begin = forward ? 0 : extent - 1;
  if (has_bit(params.shrink_axis_mask, index)) {
    if (!forward || begin >= extent) {
      return error(Code::kOutOfRange, "index {} takes position {} of axis {} of extent {} with stride {}: it must lie inside, forwards",
                   index, indices.begin[index], axis, extent, step);
    }
    return SlicedAxis{.input_axis = axis, .begin = begin, .kept = false};
  }
  int64_t end = indices.end[index];
  if (params.end_is_offset) {
    if (!forward || end < 1 || begin + end > extent) {
      return error(Code::kOutOfRange,
                   "index {} takes {} positions from {} of axis {} of extent {} with stride {}: they must lie inside, forwards", index, end,
                   begin, axis, extent, step);
    }
    end += begin;
  } else {
    end = clamp_position(end, extent, forward);
    if (has_bit(params.end_mask, index)) end = forward ? extent : -1;
  }
  const int64_t span = forward ? end - begin : begin - end, stride = forward ? step : -int64_t{step};
  const int64_t count = span <= 0 ? 0 : (span - 1) / stride + 1;
  return SlicedAxis{.input_axis = axis, .begin = begin, .step = step, .count = static_cast<int32_t>(count)};
}

}  // namespace

Result<std::vector<SlicedAxis>> resolve_strided_slice(const Shape& input, const SliceIndices& indices, const StridedSliceParams& params) {
  LITEQAT_RETURN_IF_ERROR(check_indices(input, indices, params));
  const auto ellipsis = static_cast<uint32_t>(params.ellipsis_mask);
  const auto added = static_cast<size_t>(std::popcount(static_cast<uint32_t>(params.new_axis_mask) & ~ellipsis));
  std::vector<SlicedAxis> axes;
  int32_t axis = 0;
  const auto whole_axis = [&] {
    axes.push_back({.input_axis = axis, .count = input[static_cast<size_t>(axis)]});
    ++axis;
  };
  for (size_t index = 0; index < indices.begin.size(); ++index) {
    if (has_bit(params.ellipsis_mask, index)) {
      for (size_t covered = input.size() + added + 1 - indices.begin.size(); covered > 0; --covered) whole_axis();
    } else if (has_bit(params.new_axis_mask, index)) {
      axes.push_back({});
    } else {
      LITEQAT_ASSIGN_OR_RETURN(const SlicedAxis selected, select(indices, params, index, axis, input[static_cast<size_t>(axis)]));
      axes.push_back(selected);
      ++axis;
    }
  }
  while (static_cast<size_t>(axis) < input.size()) whole_axis();
  return axes;
}

Shape sliced_shape(const std::vector<SlicedAxis>& axes) {
  Shape shape;
  for (const SlicedAxis& axis : axes) {
    if (axis.kept) shape.push_back(axis.count);
  }
  return shape;
}

}  // namespace liteqat::graph
