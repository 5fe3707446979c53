#include <algorithm>

#include "kernels/copy/copy.h"
#include "numeric/rounding.h"

namespace liteqat::kernels::copy {
namespace {

/// A listed axis that is evenly spaced after all as one without a list.
Axis simplify(const Axis& axis) {
  if (axis.input.empty() || axis.input[0] == kNowhere) return axis;
  const int64_t origin = axis.input[0], step = axis.extent > 1 && axis.input[1] != kNowhere ? axis.input[1] - origin : 0;
  for (int64_t position = 1; position < axis.extent; ++position) {
    if (axis.input[static_cast<size_t>(position)] != origin + position * step) return axis;
  }
  return {.extent = axis.extent, .output_step = axis.output_step, .input_origin = origin, .input_step = step};
}

/// Continues a run of this many elements on both sides.
bool continues(const Axis& axis, int64_t run) {
  return axis.input.empty() && (axis.extent == 1 || (axis.input_step == run && axis.output_step == run));
}

}  // namespace

Plan make_plan(std::vector<Axis> axes, int64_t elem_bytes, int64_t input_origin, int64_t output_origin) {
  for (Axis& axis : axes) axis = simplify(axis);
  Plan plan = {.input_origin = input_origin, .output_origin = output_origin, .elem_bytes = elem_bytes};
  int64_t run = 1;
  for (; !axes.empty() && continues(axes.back(), run); axes.pop_back()) {
    plan.input_origin += axes.back().input_origin;
    run *= axes.back().extent;
  }
  for (const Axis& axis : axes) {
    plan.input_origin += axis.input_origin;
    plan.loops.push_back({.extent = axis.extent,
                          .output_step = axis.output_step * elem_bytes,
                          .input_step = axis.input_step * elem_bytes,
                          .table = axis.input.empty() ? kNoTable : plan.offsets.size()});
    for (int64_t offset : axis.input) plan.offsets.push_back(offset == kNowhere ? kNowhere : offset * elem_bytes);
    plan.pieces *= axis.extent;
  }
  plan.piece_bytes = run * elem_bytes;
  plan.input_origin *= elem_bytes;
  plan.output_origin *= elem_bytes;
  return plan;
}

std::vector<uint8_t> make_uint8_rescale(float input_scale, int32_t input_zero_point, float output_scale, int32_t output_zero_point) {
  const float ratio = input_scale * (1.0f / output_scale);
  const float bias = static_cast<float>(-input_zero_point) * ratio;
  std::vector<uint8_t> codes(256);
  for (int32_t code = 0; code < 256; ++code) {
    const float real = static_cast<float>(code) * ratio + bias;
    const int64_t rounded = numeric::round_half_away(static_cast<double>(real)) + output_zero_point;
    codes[static_cast<size_t>(code)] = static_cast<uint8_t>(std::clamp<int64_t>(rounded, 0, 255));
  }
  return codes;
}

}  // namespace liteqat::kernels::copy
