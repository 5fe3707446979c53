// Rescaling and Normalization: tensors with constants that broadcast as NumPy's do.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "formats/keras/layer_call.h"

namespace liteqat::formats::keras {
namespace {

void drop_leading_ones(std::vector<int64_t>& shape) {
  shape.erase(shape.begin(), std::ranges::find_if(shape, [](int64_t extent) { return extent != 1; }));
}

/// Whether the array stretches to that shape and leaves it as it is. Requires: no leading ones.
bool broadcasts_to(const std::vector<int64_t>& from, const std::vector<int64_t>& to) {
  if (from.size() > to.size()) return false;
  return std::equal(from.rbegin(), from.rend(), to.rbegin(), [](int64_t a, int64_t b) { return a == 1 || a == b; });
}

/// Appends x op constant. Fails: kUnsupported if that would have another shape than x.
Result<TensorId> with_constant(const LayerCall& call, OpKind kind, TensorId x, const std::string& name, NumberArray constant) {
  drop_leading_ones(constant.shape);
  const graph::Shape& extents = call.shape();
  if (!broadcasts_to(constant.shape, {extents.begin() + 1, extents.end()})) {
    return error(Code::kUnsupported, "'{}' has shape {}, which does not broadcast to the images of its input {}", name,
                 extents_text(constant.shape), graph::shape_text(extents));
  }
  const TensorId values =
      call.emit.floats(call.name + "/" + name, graph::Shape(constant.shape.begin(), constant.shape.end()), constant.values);
  return call.emit.op(kind, call.name + "/" + name + "/op", {x, values}, graph::ArithmeticParams{});
}

/// Mean or variance, from the options or from the stored weights.
Result<NumberArray> read_statistic(const LayerCall& call, const char* key) {
  if (!call.has_weight("mean")) return call.options.array(key);
  if (call.weights.size() != 3) {
    return error(Code::kMismatch, "the file stores {} weights for it, its mean, variance and count were expected", call.weights.size());
  }
  const archive::Array& stored = *call.weights[key == std::string("mean") ? 0 : 1];
  return NumberArray{stored.shape, stored.values};
}

/// Which axes of the input have statistics of their own, in rising order; by default the last one.
Result<std::vector<size_t>> read_kept_axes(const LayerCall& call) {
  const auto rank = static_cast<int64_t>(call.shape().size());
  std::vector<int64_t> axes = {-1};
  if (!call.options.find("axis").is_null()) {
    LITEQAT_ASSIGN_OR_RETURN(axes, call.options.integers("axis"));
  }
  std::vector<size_t> kept;
  for (int64_t axis : axes) {
    const int64_t counted = axis < 0 ? axis + rank : axis;
    if (counted < 1 || counted >= rank) {
      return error(Code::kUnsupported, "axis {} of an input with {} axes is not supported, 1 to {} are", axis, rank, rank - 1);
    }
    kept.push_back(static_cast<size_t>(counted));
  }
  std::ranges::sort(kept);
  return kept;
}

/// The statistic in the shape that broadcasts to the input: [H,1,C] of one over width. Keras stretches what it is given to the kept axes
/// and sets these at their places; without the stretching the numbers are the same.
Result<NumberArray> place_statistic(const LayerCall& call, const char* key) {
  LITEQAT_ASSIGN_OR_RETURN(const std::vector<size_t> kept, read_kept_axes(call));
  LITEQAT_ASSIGN_OR_RETURN(NumberArray statistic, read_statistic(call, key));
  drop_leading_ones(statistic.shape);
  std::vector<int64_t> extents, placed(call.shape().size(), 1);
  for (size_t axis : kept) extents.push_back(call.shape()[axis]);
  if (!broadcasts_to(statistic.shape, extents)) {
    return error(Code::kMismatch, "its {} has shape {}, its input has {} along the axes that have one each", key,
                 extents_text(statistic.shape), extents_text(extents));
  }
  const size_t missing = kept.size() - statistic.shape.size();
  for (size_t i = 0; i < statistic.shape.size(); ++i) placed[kept[missing + i]] = statistic.shape[i];
  statistic.shape = std::move(placed);
  return statistic;
}

}  // namespace

Result<TensorId> import_rescaling(const LayerCall& call) {
  LITEQAT_ASSIGN_OR_RETURN(NumberArray scale, call.options.array("scale"));
  NumberArray offset = {{}, {0.0f}};
  if (!call.options.find("offset").is_null()) {
    LITEQAT_ASSIGN_OR_RETURN(offset, call.options.array("offset"));
  }
  LITEQAT_ASSIGN_OR_RETURN(const TensorId scaled, with_constant(call, OpKind::kMul, call.x(), "scale", std::move(scale)));
  if (std::ranges::all_of(offset.values, [](float value) { return value == 0.0f; })) return scaled;
  return with_constant(call, OpKind::kAdd, scaled, "offset", std::move(offset));
}

/// (x - mean) / max(sqrt(variance), epsilon), or its inverse. The division is a multiplication with the rounded reciprocal, since neither
/// TFLite's integer kernels nor ours divide: one rounding of float32 more.
Result<TensorId> import_normalization(const LayerCall& call) {
  constexpr float kEpsilon = 1e-7f;  // Keras' backend epsilon
  LITEQAT_ASSIGN_OR_RETURN(NumberArray mean, place_statistic(call, "mean"));
  LITEQAT_ASSIGN_OR_RETURN(NumberArray deviation, place_statistic(call, "variance"));
  LITEQAT_ASSIGN_OR_RETURN(const bool invert, call.options.flag("invert", false));
  for (float& value : deviation.values) {
    value = std::max(std::sqrt(value), kEpsilon);
    if (!std::isfinite(value)) return error(Code::kOutOfRange, "its variance has no finite square root");
    if (!invert) value = 1.0f / value;
  }
  if (!std::ranges::all_of(mean.values, [](float value) { return std::isfinite(value); }))
    return error(Code::kOutOfRange, "its mean is not finite");
  if (invert) {
    LITEQAT_ASSIGN_OR_RETURN(const TensorId spread, with_constant(call, OpKind::kMul, call.x(), "deviation", std::move(deviation)));
    return with_constant(call, OpKind::kAdd, spread, "mean", std::move(mean));
  }
  LITEQAT_ASSIGN_OR_RETURN(const TensorId centered, with_constant(call, OpKind::kSub, call.x(), "mean", std::move(mean)));
  return with_constant(call, OpKind::kMul, centered, "deviation", std::move(deviation));
}

}  // namespace liteqat::formats::keras
