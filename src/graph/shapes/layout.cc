#include <algorithm>
#include <optional>

#include "base/checked.h"
#include "graph/shapes/shapes.h"

namespace liteqat::graph::shapes {
namespace {

Status check_paddings_shape(const OpView& view) {
  const size_t rank = view.input(0).size();
  if (view.input(1) == Shape{static_cast<int32_t>(rank), 2}) return {};
  return error(Code::kMismatch, "paddings must have shape [{},2], found {}", rank, shape_text(view.input(1)));
}

/// A new shape with its -1 replaced.
Result<Shape> resolve_new_shape(std::span<const int32_t> wanted, const Shape& x, int64_t elems) {
  Shape output(wanted.begin(), wanted.end());
  const auto inferred = std::ranges::count(output, -1);
  int64_t known = 1;
  for (int32_t extent : output) {
    if (extent == -1) continue;
    const auto product = extent < 0 ? std::nullopt : checked_mul(known, extent);
    if (!product) return error(Code::kOutOfRange, "new shape {} has a negative extent or too many elements", shape_text(output));
    known = *product;
  }
  const bool fits = inferred == 0 ? known == elems : inferred == 1 && known > 0 && elems % known == 0;
  if (!fits || (inferred == 1 && elems / known > kMaxExtent)) {
    return error(Code::kMismatch, "an input {} of {} elements cannot take the new shape {}", shape_text(x), elems, shape_text(output));
  }
  if (inferred == 1) *std::ranges::find(output, -1) = static_cast<int32_t>(elems / known);
  return output;
}

/// The new shape with extent 0 multiplied so that it holds the elements, if it can be: what a constant shape means at another batch.
std::optional<Shape> scale_first_axis(const Shape& shape, int64_t elems) {
  const auto known = checked_product(std::span<const int32_t>(shape));
  if (shape.empty() || !known || *known < 1 || elems % *known != 0 || elems / *known > kMaxExtent / shape[0]) return std::nullopt;
  Shape scaled = shape;
  scaled[0] = static_cast<int32_t>(shape[0] * (elems / *known));
  return scaled;
}

}  // namespace

Result<Shape> pad(const OpView& view) {
  const Shape& x = view.input(0);
  LITEQAT_RETURN_IF_ERROR(check_paddings_shape(view));
  const auto paddings = view.indices(1);
  Shape output = x;
  for (size_t axis = 0; axis < x.size(); ++axis) {
    const int64_t before = paddings[2 * axis], after = paddings[2 * axis + 1];
    if (before < 0 || after < 0 || before > kMaxExtent || after > kMaxExtent || x[axis] > kMaxExtent - before - after) {
      return error(Code::kOutOfRange, "paddings {} and {} of axis {} of an input {} must not be negative nor the sum exceed 2^30", before,
                   after, axis, shape_text(x));
    }
    output[axis] = static_cast<int32_t>(x[axis] + before + after);
  }
  return output;
}

Result<Shape> pad_with_value(const OpView& view) {
  LITEQAT_ASSIGN_OR_RETURN(const int64_t values, checked_elems(view.input(2)));
  if (values != 1) return error(Code::kMismatch, "it pads with one value, found {}", shape_text(view.input(2)));
  return pad(view);
}

Result<Shape> mirror_pad(const OpView& view) {
  LITEQAT_ASSIGN_OR_RETURN(Shape output, pad(view));
  const auto paddings = view.indices(1);
  const int32_t unused = view.op.params_as<MirrorPadParams>().symmetric ? 0 : 1;  // REFLECT does not repeat the edge
  for (size_t axis = 0; axis < output.size(); ++axis) {
    const int32_t most = view.input(0)[axis] - unused;
    if (paddings[2 * axis] <= most && paddings[2 * axis + 1] <= most) continue;
    return error(Code::kOutOfRange, "paddings {} and {} of axis {} exceed {}, all that an input {} can mirror", paddings[2 * axis],
                 paddings[2 * axis + 1], axis, most, shape_text(view.input(0)));
  }
  return output;
}

/// A constant new shape is one for the stored batch. At another batch, extent 0 of the result follows extent 0 of the input if they are
/// equal at the stored one, or grows with the number of elements if the shape would not fit otherwise.
Result<Shape> reshape(const OpView& view) {
  const Shape &x = view.input(0), &stored = view.graph.tensor(view.op.inputs[0]).shape;
  LITEQAT_ASSIGN_OR_RETURN(const int64_t elems, checked_elems(x));
  const auto wanted = view.indices(1);
  if (view.graph.tensor(view.op.inputs[1]).constant() && !x.empty() && !stored.empty() && x[0] != stored[0]) {
    LITEQAT_ASSIGN_OR_RETURN(const int64_t stored_elems, checked_elems(stored));
    const auto at_stored_batch = resolve_new_shape(wanted, stored, stored_elems);
    const auto scaled = at_stored_batch.ok() ? scale_first_axis(*at_stored_batch, elems) : std::nullopt;
    if (scaled && (*at_stored_batch)[0] == stored[0] && (*scaled)[0] == x[0]) return *scaled;
  }
  auto output = resolve_new_shape(wanted, x, elems);
  if (output.ok() || output.status().code() != Code::kMismatch || std::ranges::count(wanted, -1) > 0) return output;
  const auto scaled = scale_first_axis({wanted.begin(), wanted.end()}, elems);
  // A new shape that misses the elements is one for another batch: that stored, or that of a graph that was resized before.
  const bool resized = scaled && (x != stored || view.graph.tensor(view.op.outputs[0]).shape == *scaled);
  return resized ? Result<Shape>(*scaled) : output;
}

Result<Shape> squeeze(const OpView& view) {
  const Shape& x = view.input(0);
  const auto& axes = view.op.params_as<SqueezeParams>().axes;
  std::vector<bool> dropped(x.size());
  for (int32_t wanted : axes) {
    LITEQAT_ASSIGN_OR_RETURN(const size_t axis, checked_axis(wanted, x.size(), x));
    if (x[axis] != 1) return error(Code::kMismatch, "axis {} of an input {} has extent {}, expected 1", wanted, shape_text(x), x[axis]);
    dropped[axis] = true;
  }
  Shape output;
  for (size_t axis = 0; axis < x.size(); ++axis) {
    if (axes.empty() ? x[axis] != 1 : !dropped[axis]) output.push_back(x[axis]);
  }
  return output;
}

Result<Shape> expand_dims(const OpView& view) {
  Shape output = view.input(0);
  LITEQAT_ASSIGN_OR_RETURN(const int32_t wanted, view.index(1));
  LITEQAT_ASSIGN_OR_RETURN(const size_t axis, checked_axis(wanted, output.size() + 1, view.input(0)));
  output.insert(output.begin() + static_cast<std::ptrdiff_t>(axis), 1);
  return output;
}

Result<Shape> transpose(const OpView& view) {
  const Shape& x = view.input(0);
  const auto permutation = view.indices(1);
  if (permutation.size() != x.size()) {
    return error(Code::kMismatch, "the permutation has {} entries for an input {}", permutation.size(), shape_text(x));
  }
  Shape output;
  std::vector<bool> used(x.size());
  for (int32_t wanted : permutation) {
    LITEQAT_ASSIGN_OR_RETURN(const size_t axis, checked_axis(wanted, x.size(), x));
    if (used[axis]) return error(Code::kMismatch, "the permutation names axis {} of an input {} twice", axis, shape_text(x));
    used[axis] = true;
    output.push_back(x[axis]);
  }
  return output;
}

Result<Shape> shape_of(const OpView& view) {
  if (view.input(0).empty()) return error(Code::kUnsupported, "the shape of a scalar is an empty tensor, which is not supported");
  return Shape{static_cast<int32_t>(view.input(0).size())};
}

}  // namespace liteqat::graph::shapes
