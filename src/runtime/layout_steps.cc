#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>

#include "graph/strided_slice.h"
#include "kernels/copy/copy.h"
#include "kernels/pad/pad.h"
#include "kernels/resize/resize.h"
#include "runtime/step.h"
#include "runtime/step_shapes.h"

namespace liteqat::runtime {
namespace {

namespace copy = kernels::copy;
namespace pad = kernels::pad;
using graph::DType;
using graph::OpKind;
using graph::Shape;

/// What is copied from one input to one output.
struct Section {
  size_t input = 0, output = 0;
  copy::Plan plan{};
  copy::Filling filling{};
  int64_t first_piece = 0;  // among those of all sections
};

/// One axis of the output whose position i takes from where(i) in the input, a position or -1 for nowhere.
template <typename Where>
copy::Axis make_axis(int32_t extent, int64_t output_step, int64_t input_step, const Where& where) {
  copy::Axis axis = {.extent = extent, .output_step = output_step};
  for (int32_t position = 0; position < extent; ++position) {
    const int64_t from = where(position);
    axis.input.push_back(from < 0 ? copy::kNowhere : from * input_step);
  }
  return axis;
}

/// One whose positions follow each other in the input too, from `first` on.
copy::Axis make_even_axis(int32_t extent, int64_t output_step, int64_t input_step, int64_t first = 0) {
  return {.extent = extent, .output_step = output_step, .input_origin = first * input_step, .input_step = input_step};
}

/// Elements from one position of an axis to the next.
std::vector<int64_t> steps_of(const Shape& shape) {
  std::vector<int64_t> steps(shape.size(), 1);
  for (size_t axis = shape.size(); axis > 1; --axis) steps[axis - 2] = steps[axis - 1] * shape[axis - 1];
  return steps;
}

size_t axis_of(int32_t wanted, size_t rank) {
  return static_cast<size_t>(wanted < 0 ? wanted + static_cast<int32_t>(rank) : wanted);
}

/// The shapes and steps of one operator with one input and output, and how an element is filled where nothing is copied.
struct Mover {
  const OpContext& context;
  const Shape &x, &y;
  std::vector<int64_t> x_steps, y_steps;
  int64_t elem_bytes;

  explicit Mover(const OpContext& op, size_t data_input = 0)
      : context(op),
        x(op.input(data_input).shape),
        y(op.output().shape),
        x_steps(steps_of(x)),
        y_steps(steps_of(y)),
        elem_bytes(graph::dtype_bytes(op.output().type)) {}

  copy::Plan plan(const std::vector<copy::Axis>& axes, int64_t input_origin = 0, int64_t output_origin = 0) const {
    return copy::make_plan(axes, elem_bytes, input_origin, output_origin);
  }

  /// Every axis of the output from the same axis of the input; where(axis, position).
  template <typename Where>
  copy::Plan plan_by_axis(const Where& where) const {
    std::vector<copy::Axis> axes;
    for (size_t axis = 0; axis < y.size(); ++axis) {
      axes.push_back(make_axis(y[axis], y_steps[axis], x_steps[axis], [&](int32_t position) { return where(axis, position); }));
    }
    return plan(axes);
  }
};

/// Integers are padded with the zero point, everything else with 0.
copy::Filling zero_of(const graph::Tensor& tensor) {
  const int64_t zero_point = tensor.quantization.empty() ? 0 : tensor.quantization.zero_point[0];
  copy::Filling value{};  // little-endian, so the low bytes are those of the narrower types
  std::memcpy(value.data(), &zero_point, sizeof(zero_point));
  return value;
}

copy::Plan plan_transpose(const Mover& mover) {
  std::vector<copy::Axis> axes;
  const std::vector<int32_t> permutation = mover.context.indices(1);
  for (size_t axis = 0; axis < mover.y.size(); ++axis) {
    axes.push_back(make_even_axis(mover.y[axis], mover.y_steps[axis], mover.x_steps[axis_of(permutation[axis], mover.x.size())]));
  }
  return mover.plan(axes);
}

copy::Plan plan_slice(const Mover& mover) {
  const std::vector<int32_t> begin = mover.context.indices(1);
  std::vector<copy::Axis> axes;
  for (size_t axis = 0; axis < mover.y.size(); ++axis) {
    axes.push_back(make_even_axis(mover.y[axis], mover.y_steps[axis], mover.x_steps[axis], begin[axis]));
  }
  return mover.plan(axes);
}

Result<copy::Plan> plan_strided_slice(const Mover& mover) {
  const OpContext& context = mover.context;
  const std::vector<int32_t> begin = context.indices(1), end = context.indices(2), strides = context.indices(3);
  LITEQAT_ASSIGN_OR_RETURN(const auto selected,
                           graph::resolve_strided_slice(mover.x, {begin, end, strides}, context.op.params_as<graph::StridedSliceParams>()));
  std::vector<copy::Axis> axes;
  int64_t origin = 0;
  for (const graph::SlicedAxis& axis : selected) {
    const int64_t step = axis.input_axis < 0 ? 0 : mover.x_steps[static_cast<size_t>(axis.input_axis)];
    if (axis.kept) {
      axes.push_back({.extent = axis.count,
                      .output_step = mover.y_steps[axes.size()],
                      .input_origin = axis.begin * step,
                      .input_step = axis.step * step});
    } else {
      origin += axis.begin * step;
    }
  }
  return mover.plan(axes, origin);
}

Section plan_padding(const Mover& mover) {
  const std::vector<int32_t> paddings = mover.context.indices(1);
  copy::Plan plan = mover.plan_by_axis([&](size_t axis, int32_t position) {
    const int32_t from = position - paddings[2 * axis];
    return from < mover.x[axis] ? std::max(from, -1) : -1;
  });
  return {.plan = std::move(plan), .filling = zero_of(mover.context.output())};
}

copy::Plan plan_mirror_pad(const Mover& mover) {
  const std::vector<int32_t> paddings = mover.context.indices(1);
  const int32_t skipped = mover.context.op.params_as<graph::MirrorPadParams>().symmetric ? 0 : 1;
  return mover.plan_by_axis([&](size_t axis, int32_t position) {
    const int32_t from = position - paddings[2 * axis], extent = mover.x[axis];
    if (from < 0) return -from - 1 + skipped;
    return from < extent ? from : 2 * extent - from - 1 - skipped;
  });
}

/// Channels are [row in block, column in block, output channel].
copy::Plan plan_depth_to_space(const Mover& mover) {
  const int32_t block = mover.context.op.params_as<graph::BlockParams>().block;
  const int64_t channels = mover.y[3];
  const auto spatial = [&](size_t axis, int64_t inner_step) {
    copy::Axis result = {.extent = mover.y[axis], .output_step = mover.y_steps[axis]};
    for (int32_t position = 0; position < mover.y[axis]; ++position) {
      result.input.push_back(position / block * mover.x_steps[axis] + position % block * inner_step);
    }
    return result;
  };
  return mover.plan({make_even_axis(mover.y[0], mover.y_steps[0], mover.x_steps[0]), spatial(1, block * channels), spatial(2, channels),
                     make_even_axis(mover.y[3], 1, 1)});
}

/// The input's batch axis is [row in block, column in block, image]; with one spatial axis there are no columns.
copy::Plan plan_batch_to_space(const Mover& mover) {
  const std::vector<int32_t> block = mover.context.indices(1), crops = mover.context.indices(2);
  std::vector<copy::Axis> axes = {make_even_axis(mover.y[0], mover.y_steps[0], mover.x_steps[0])};
  for (size_t spatial = 0; spatial < block.size(); ++spatial) {
    const int64_t inner_blocks =
        std::accumulate(block.begin() + static_cast<std::ptrdiff_t>(spatial) + 1, block.end(), int64_t{1}, std::multiplies<>());
    const int64_t in_block_step = inner_blocks * mover.y[0] * mover.x_steps[0];
    copy::Axis axis = {.extent = mover.y[spatial + 1], .output_step = mover.y_steps[spatial + 1]};
    for (int32_t position = 0; position < mover.y[spatial + 1]; ++position) {
      const int32_t at = position + crops[2 * spatial];
      axis.input.push_back(at % block[spatial] * in_block_step + at / block[spatial] * mover.x_steps[spatial + 1]);
    }
    axes.push_back(std::move(axis));
  }
  axes.push_back(make_even_axis(mover.y.back(), 1, 1));
  return mover.plan(axes);
}

/// One section for every position in the block: its images lie together in the output.
std::vector<Section> plan_space_to_batch(const Mover& mover) {
  const std::vector<int32_t> block = mover.context.indices(1), paddings = mover.context.indices(2);
  const int32_t blocks = std::accumulate(block.begin(), block.end(), 1, std::multiplies<>());
  std::vector<Section> sections;
  for (int32_t index = 0; index < blocks; ++index) {
    const int32_t columns = block.size() > 1 ? block[1] : 1;
    const int32_t in_block[] = {index / columns, index % columns};
    std::vector<copy::Axis> axes = {make_even_axis(mover.x[0], mover.y_steps[0], mover.x_steps[0])};
    for (size_t spatial = 0; spatial < block.size(); ++spatial) {
      const int32_t extent = mover.x[spatial + 1];
      axes.push_back(make_axis(mover.y[spatial + 1], mover.y_steps[spatial + 1], mover.x_steps[spatial + 1], [&](int32_t position) {
        const int32_t from = position * block[spatial] + in_block[spatial] - paddings[2 * spatial];
        return from < extent ? std::max(from, -1) : -1;
      }));
    }
    axes.push_back(make_even_axis(mover.y.back(), 1, 1));
    sections.push_back(
        {.plan = mover.plan(axes, 0, int64_t{index} * mover.x[0] * mover.y_steps[0]), .filling = zero_of(mover.context.output())});
  }
  return sections;
}

copy::Plan plan_nearest(const Mover& mover) {
  const auto& params = mover.context.op.params_as<graph::ResizeParams>();
  return mover.plan_by_axis([&](size_t axis, int32_t position) {
    if (axis == 0 || axis == 3) return position;
    return kernels::resize::nearest_position(position, mover.x[axis], mover.y[axis], params.align_corners, params.half_pixel_centers);
  });
}

/// The elements of a whole tensor of this shape between memory with one and with other steps.
copy::Plan plan_block(const OpContext& context, const Shape& shape, const std::vector<int64_t>& input_steps,
                      const std::vector<int64_t>& output_steps, int64_t input_origin, int64_t output_origin) {
  std::vector<copy::Axis> axes;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    axes.push_back(make_even_axis(shape[axis], output_steps[axis], input_steps[axis]));
  }
  return copy::make_plan(axes, graph::dtype_bytes(context.output().type), input_origin, output_origin);
}

std::vector<Section> plan_joined(const OpContext& context) {
  const bool is_pack = context.op.kind == OpKind::kPack;
  const Shape& y = context.output().shape;
  const size_t axis = axis_of(context.op.params_as<graph::AxisParams>().axis, y.size());
  const std::vector<int64_t> y_steps = steps_of(y);
  std::vector<int64_t> steps = y_steps;
  if (is_pack) steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(axis));
  std::vector<Section> sections;
  int64_t before = 0;
  for (size_t input = 0; input < context.op.inputs.size(); ++input) {
    const Shape& x = context.input(input).shape;
    sections.push_back({.input = input, .plan = plan_block(context, x, steps_of(x), steps, 0, before * y_steps[axis])});
    before += is_pack ? 1 : x[axis];
  }
  return sections;
}

std::vector<Section> plan_split(const OpContext& context) {
  const Shape &x = context.input(1).shape, &part = context.output().shape;
  const size_t axis = axis_of(context.indices(0)[0], x.size());
  const std::vector<int64_t> x_steps = steps_of(x);
  std::vector<Section> sections;
  for (size_t output = 0; output < context.op.outputs.size(); ++output) {
    const int64_t origin = static_cast<int64_t>(output) * part[axis] * x_steps[axis];
    sections.push_back({.input = 1, .output = output, .plan = plan_block(context, part, x_steps, steps_of(part), origin, 0)});
  }
  return sections;
}

Result<std::vector<Section>> plan_sections(const OpContext& context) {
  switch (context.op.kind) {
    case OpKind::kConcatenation:
    case OpKind::kPack:
      return plan_joined(context);
    case OpKind::kSplit:
      return plan_split(context);
    case OpKind::kSpaceToBatchNd:
      return plan_space_to_batch(Mover(context));
    case OpKind::kTranspose:
      return std::vector<Section>{{.plan = plan_transpose(Mover(context))}};
    case OpKind::kSlice:
      return std::vector<Section>{{.plan = plan_slice(Mover(context))}};
    case OpKind::kStridedSlice: {
      LITEQAT_ASSIGN_OR_RETURN(copy::Plan plan, plan_strided_slice(Mover(context)));
      return std::vector<Section>{{.plan = std::move(plan)}};
    }
    case OpKind::kMirrorPad:
      return std::vector<Section>{{.plan = plan_mirror_pad(Mover(context))}};
    case OpKind::kDepthToSpace:
      return std::vector<Section>{{.plan = plan_depth_to_space(Mover(context))}};
    case OpKind::kBatchToSpaceNd:
      return std::vector<Section>{{.plan = plan_batch_to_space(Mover(context))}};
    case OpKind::kResizeNearestNeighbor:
      return std::vector<Section>{{.plan = plan_nearest(Mover(context))}};
    default:  // PAD and PADV2
      return std::vector<Section>{plan_padding(Mover(context))};
  }
}

/// The part of a range of all pieces that falls into one section.
kernels::Range pieces_of(const Section& section, kernels::Range all) {
  return {std::max<int64_t>(all.begin - section.first_piece, 0), std::min(all.end - section.first_piece, section.plan.pieces)};
}

Step make_copy_step(std::vector<Section> sections, std::string kernel) {
  int64_t pieces = 0;
  for (Section& section : sections) {
    section.first_piece = pieces;
    pieces += section.plan.pieces;
  }
  return Step{.kernel = std::move(kernel),
              .units = pieces,
              .run = [sections = std::move(sections)](const StepBuffers& buffers, kernels::Range all) {
                for (const Section& section : sections) {
                  const kernels::Range own = pieces_of(section, all);
                  if (own.begin >= own.end) continue;
                  copy::run(section.plan, section.filling, own, buffers.inputs[section.input], buffers.outputs[section.output]);
                }
              }};
}

/// uint8 inputs of CONCATENATION whose scale is not the output's are brought to it.
void rescale_uint8(const OpContext& context, std::vector<Section>& sections) {
  const graph::Quantization& to = context.output().quantization;
  if (context.op.kind != OpKind::kConcatenation || context.output().type != DType::kUInt8 || to.empty()) return;
  for (Section& section : sections) {
    const graph::Tensor& x = context.input(section.input);
    if (x.quantization.scale == to.scale && x.quantization.zero_point == to.zero_point) continue;
    section.plan.map = copy::make_uint8_rescale(tensor_scale(x), tensor_zero_point(x), tensor_scale(context.output()),
                                                tensor_zero_point(context.output()));
  }
}

/// Axes that are listed position by position are kept to what a list may take before it is made.
Status require_axes(const OpContext& context) {
  constexpr int32_t kMostPositions = 1 << 24;
  size_t most = context.output().shape.size();
  for (size_t position = 0; position < context.op.inputs.size(); ++position) most = std::max(most, context.input(position).shape.size());
  if (most > copy::kMaxAxes) {
    return context.fail(Code::kUnsupported, "its tensors have up to {} axes, at most {} are supported", most, copy::kMaxAxes);
  }
  const OpKind listed[] = {OpKind::kPad,
                           OpKind::kPadV2,
                           OpKind::kMirrorPad,
                           OpKind::kDepthToSpace,
                           OpKind::kSpaceToBatchNd,
                           OpKind::kBatchToSpaceNd,
                           OpKind::kResizeNearestNeighbor};
  constexpr int64_t kMostBlocks = 1 << 16;
  if (context.op.kind == OpKind::kSpaceToBatchNd && context.output().shape[0] / context.input(0).shape[0] > kMostBlocks) {
    return context.fail(Code::kUnsupported, "its blocks have more than {} positions", kMostBlocks);
  }
  const auto longest = std::ranges::max_element(context.output().shape);
  if (context.output().shape.empty() || *longest <= kMostPositions || std::ranges::find(listed, context.op.kind) == std::end(listed))
    return {};
  return context.fail(Code::kUnsupported, "its output {} has an axis of more than {} positions", graph::shape_text(context.output().shape),
                      kMostPositions);
}

/// PADV2's value: constant, or computed before this step runs.
Step make_padv2_step(std::vector<Section> sections, std::string kernel) {
  const int64_t pieces = sections[0].plan.pieces;
  return Step{.kernel = std::move(kernel),
              .units = pieces,
              .run = [plan = std::move(sections[0].plan)](const StepBuffers& buffers, kernels::Range own) {
                copy::Filling value{};
                std::memcpy(value.data(), buffers.inputs[2], static_cast<size_t>(plan.elem_bytes));
                copy::run(plan, value, own, buffers.inputs[0], buffers.outputs[0]);
              }};
}

}  // namespace

Result<Step> make_move_step(const OpContext& context) {
  LITEQAT_RETURN_IF_ERROR(require_axes(context));
  auto sections = plan_sections(context);
  if (!sections.ok()) return context.fail(sections.status().code(), "{}", sections.status().message());
  rescale_uint8(context, *sections);
  std::string kernel = format("copy_b{}_reference", 8 * graph::dtype_bytes(context.output().type));
  if (context.op.kind == OpKind::kPadV2) return make_padv2_step(std::move(*sections), std::move(kernel));
  return make_copy_step(std::move(*sections), std::move(kernel));
}

Result<Step> make_pad_step(const OpContext& context) {
  const DType type = context.output().type;
  const size_t rank = context.input(0).shape.size();
  if ((type != DType::kFloat32 && type != DType::kInt8) || rank > kernels::kMaxRank ||
      (type == DType::kInt8 && context.output().quantization.empty())) {
    return make_move_step(context);
  }
  pad::Params params = {.input = padded_extents(context.input(0).shape)};
  const std::vector<int32_t> paddings = context.indices(1);
  for (size_t axis = 0; axis < rank; ++axis) {
    params.before[kernels::kMaxRank - rank + axis] = paddings[2 * axis];
    params.after[kernels::kMaxRank - rank + axis] = paddings[2 * axis + 1];
  }
  if (type == DType::kFloat32) {
    return Step{.kernel = "pad_f32_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                  pad::pad_float32(params, buffers.input<float>(), buffers.output<float>());
                }};
  }
  const auto value = static_cast<int8_t>(tensor_zero_point(context.output()));
  return Step{.kernel = "pad_i8_reference", .run = [=](const StepBuffers& buffers, kernels::Range) {
                pad::pad_int8(params, value, buffers.input<int8_t>(), buffers.output<int8_t>());
              }};
}

Result<Step> make_shape_step(const OpContext& context) {
  const Shape& shape = context.input(0).shape;
  const bool wide = context.output().type == DType::kInt64;
  return Step{.kernel = wide ? "shape_i64" : "shape_i32", .run = [=](const StepBuffers& buffers, kernels::Range) {
                if (wide) {
                  std::ranges::copy(shape, buffers.output<int64_t>());
                } else {
                  std::ranges::copy(shape, buffers.output<int32_t>());
                }
              }};
}

}  // namespace liteqat::runtime
