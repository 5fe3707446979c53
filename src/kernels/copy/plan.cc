#include <algorithm>

#include "kernels/copy/copy.h"
#include "numeric/rounding.h"

namespace liteqat::kernels::copy {
namespace {

/// Every position lies `step` elements after the one before.
bool is_even(const Axis& axis, int64_t step) {
  if (axis.input[0] == kNowhere) return false;
  for (size_t position = 1; position < axis.input.size(); ++position) {
    if (axis.input[position] == kNowhere || axis.input[position] - axis.input[position - 1] != step) return false;
  }
  return true;
}

}  // namespace

Plan make_plan(const std::vector<Axis>& axes, int64_t elem_bytes, int64_t input_origin, int64_t output_origin) {
  Plan plan = {.input_origin = input_origin, .output_origin = output_origin, .elem_bytes = elem_bytes};
  int64_t run = 1;
  size_t kept = axes.size();
  for (; kept > 0; --kept) {
    const Axis& axis = axes[kept - 1];
    const auto extent = static_cast<int64_t>(axis.input.size());
    if (!is_even(axis, run) || (extent > 1 && axis.output_step != run)) break;
    plan.input_origin += axis.input[0];
    run *= extent;
  }
  for (size_t index = 0; index < kept; ++index) {
    const auto extent = static_cast<int64_t>(axes[index].input.size());
    plan.loops.push_back({.extent = extent, .output_step = axes[index].output_step * elem_bytes, .table = plan.offsets.size()});
    for (int64_t offset : axes[index].input) plan.offsets.push_back(offset == kNowhere ? kNowhere : offset * elem_bytes);
    plan.pieces *= extent;
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
