#include "graph/shapes/shapes.h"

namespace liteqat::graph::shapes {
namespace {

/// Block shape and paddings (or crops) of the spatial axes, which are all but the first and last.
struct Blocks {
  std::span<const int32_t> block, margins;
};

Result<Blocks> read_blocks(const OpView& view) {
  const Shape& x = view.input(0);
  if (x.size() != 3 && x.size() != 4) return error(Code::kUnsupported, "the input must have 3 or 4 extents, found {}", shape_text(x));
  const auto spatial = static_cast<int32_t>(x.size() - 2);
  if (view.input(1) != Shape{spatial} || view.input(2) != Shape{spatial, 2}) {
    return error(Code::kMismatch, "block shape and margins must have shapes [{}] and [{},2], found {} and {}", spatial, spatial,
                 shape_text(view.input(1)), shape_text(view.input(2)));
  }
  Blocks blocks;
  blocks.block = view.indices(1);
  blocks.margins = view.indices(2);
  for (size_t axis = 0; axis < blocks.block.size(); ++axis) {
    const int32_t before = blocks.margins[2 * axis], after = blocks.margins[2 * axis + 1];
    if (blocks.block[axis] >= 1 && before >= 0 && after >= 0 && before <= kMaxExtent && after <= kMaxExtent) continue;
    return error(Code::kOutOfRange, "block {} must be at least 1 and margins {} and {} must lie in 0 to 2^30", blocks.block[axis], before,
                 after);
  }
  return blocks;
}

}  // namespace

Result<Shape> depth_to_space(const OpView& view) {
  const Shape& x = view.input(0);
  LITEQAT_RETURN_IF_ERROR(require_rank(x, 4, "the input"));
  const int64_t block = view.op.params_as<BlockParams>().block;
  if (block < 1 || x[3] % (block * block) != 0 || x[1] > kMaxExtent / block || x[2] > kMaxExtent / block) {
    return error(Code::kMismatch, "{} channels of an input {} do not divide into blocks of {} x {}", x[3], shape_text(x), block, block);
  }
  return Shape{x[0], static_cast<int32_t>(x[1] * block), static_cast<int32_t>(x[2] * block), static_cast<int32_t>(x[3] / (block * block))};
}

Result<Shape> space_to_batch_nd(const OpView& view) {
  LITEQAT_ASSIGN_OR_RETURN(const Blocks blocks, read_blocks(view));
  Shape output = view.input(0);
  for (size_t axis = 0; axis < blocks.block.size(); ++axis) {
    const int64_t padded = int64_t{output[axis + 1]} + blocks.margins[2 * axis] + blocks.margins[2 * axis + 1], block = blocks.block[axis];
    if (padded % block != 0 || output[0] > kMaxExtent / block || padded > kMaxExtent) {
      return error(Code::kMismatch, "axis {} of an input {} has {} positions with its paddings, not a multiple of the block {}", axis + 1,
                   shape_text(view.input(0)), padded, block);
    }
    output[axis + 1] = static_cast<int32_t>(padded / block);
    output[0] = static_cast<int32_t>(output[0] * block);
  }
  return output;
}

Result<Shape> batch_to_space_nd(const OpView& view) {
  LITEQAT_ASSIGN_OR_RETURN(const Blocks blocks, read_blocks(view));
  Shape output = view.input(0);
  for (size_t axis = 0; axis < blocks.block.size(); ++axis) {
    const int64_t block = blocks.block[axis];
    const int64_t cropped = output[axis + 1] * block - blocks.margins[2 * axis] - blocks.margins[2 * axis + 1];
    if (output[0] % block != 0 || cropped < 1 || cropped > kMaxExtent) {
      return error(Code::kMismatch, "an input {} does not divide into blocks of {}, or its crops leave {} positions of axis {}",
                   shape_text(view.input(0)), block, cropped, axis + 1);
    }
    output[axis + 1] = static_cast<int32_t>(cropped);
    output[0] = static_cast<int32_t>(output[0] / block);
  }
  return output;
}

Result<Shape> resize(const OpView& view) {
  const Shape& x = view.input(0);
  LITEQAT_RETURN_IF_ERROR(require_rank(x, 4, "the input"));
  const auto size = view.indices(1);
  // 2^20: positions in the input are counted in 1024ths, in 32 bits.
  constexpr int32_t kMostPositions = 1 << 20;
  if (size.size() != 2 || size[0] < 1 || size[1] < 1 || size[0] > kMostPositions || size[1] > kMostPositions || x[1] > kMostPositions ||
      x[2] > kMostPositions) {
    return error(Code::kOutOfRange, "an input {} and its new size {} must have heights and widths of 1 to 2^20", shape_text(x),
                 shape_text({size.begin(), size.end()}));
  }
  const auto& params = view.op.params_as<ResizeParams>();
  if (view.op.kind == OpKind::kResizeBilinear && params.align_corners && params.half_pixel_centers) {
    return error(Code::kUnsupported, "aligned corners and half-pixel centers exclude each other");
  }
  return Shape{x[0], size[0], size[1], x[3]};
}

}  // namespace liteqat::graph::shapes
