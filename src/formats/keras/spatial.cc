// Layers that move, pool and repeat what stands in height and width, and those that change shapes only.
#include <algorithm>
#include <limits>

#include "formats/keras/layer_call.h"

namespace liteqat::formats::keras {
namespace {

Result<TensorId> import_pool(const LayerCall& call, OpKind kind) {
  LITEQAT_RETURN_IF_ERROR(call.options.check_channels_last());
  LITEQAT_RETURN_IF_ERROR(call.require_rank(4));
  LITEQAT_ASSIGN_OR_RETURN(const Pair size, call.options.pair("pool_size", Pair{2, 2}));
  LITEQAT_ASSIGN_OR_RETURN(const Pair strides, call.options.pair("strides", size));
  LITEQAT_ASSIGN_OR_RETURN(const graph::Padding padding, call.options.padding());
  return call.emit.op(
      kind, call.name, {call.x()},
      graph::Pool2DParams{
          .padding = padding, .stride_h = strides.height, .stride_w = strides.width, .filter_h = size.height, .filter_w = size.width});
}

Result<TensorId> import_global(const LayerCall& call, OpKind kind) {
  LITEQAT_RETURN_IF_ERROR(call.options.check_channels_last());
  LITEQAT_RETURN_IF_ERROR(call.require_rank(4));
  LITEQAT_ASSIGN_OR_RETURN(const bool keep, call.options.flag("keepdims", false));
  constexpr int32_t kHeightAndWidth[] = {1, 2};
  const TensorId axes = call.emit.indices(call.name + "/axes", kHeightAndWidth);
  return call.emit.op(kind, call.name, {call.x(), axes}, graph::ReductionParams{.keep_dims = keep});
}

/// To these extents, interpolated as the layer's options say.
Result<TensorId> emit_resize(const LayerCall& call, int32_t height, int32_t width, const char* default_interpolation) {
  LITEQAT_ASSIGN_OR_RETURN(const std::string interpolation, call.options.text("interpolation", default_interpolation));
  if (interpolation != "nearest" && interpolation != "bilinear") {
    return error(Code::kUnsupported, "interpolation '{}' is not supported, nearest and bilinear are", interpolation);
  }
  const int32_t extents[] = {height, width};
  const OpKind kind = interpolation == "nearest" ? OpKind::kResizeNearestNeighbor : OpKind::kResizeBilinear;
  return call.emit.op(kind, call.name, {call.x(), call.emit.indices(call.name + "/size", extents)},
                      graph::ResizeParams{.half_pixel_centers = true});
}

/// [-1, rest...]: the batch is inferred.
Result<TensorId> emit_reshape(const LayerCall& call, const graph::Shape& rest) {
  std::vector<int32_t> shape = {-1};
  shape.insert(shape.end(), rest.begin(), rest.end());
  return call.emit.op(OpKind::kReshape, call.name, {call.x(), call.emit.indices(call.name + "/shape", shape)});
}

/// Elements of one image.
int64_t elems_without_batch(const graph::Shape& shape) {
  return shape.empty() ? 0 : graph::elem_count(shape) / shape[0];
}

struct Margin {
  int32_t before = 0, after = 0;
};

/// n, or [before, after]; each 0 to 65536.
std::optional<Margin> read_margin(const nlohmann::json& value) {
  const bool two = value.is_array() && value.size() == 2;
  int32_t ends[2];
  for (size_t end = 0; end < 2; ++end) {
    const nlohmann::json& number = two ? value[end] : value;
    if (!number.is_number_integer()) return std::nullopt;
    const auto margin = number.get<int64_t>();
    if (margin < 0 || margin > 65536) return std::nullopt;
    ends[end] = static_cast<int32_t>(margin);
  }
  return Margin{ends[0], ends[1]};
}

}  // namespace

Result<TensorId> import_max_pooling(const LayerCall& call) {
  return import_pool(call, OpKind::kMaxPool2D);
}
Result<TensorId> import_average_pooling(const LayerCall& call) {
  return import_pool(call, OpKind::kAveragePool2D);
}
Result<TensorId> import_global_average(const LayerCall& call) {
  return import_global(call, OpKind::kMean);
}
Result<TensorId> import_global_max(const LayerCall& call) {
  return import_global(call, OpKind::kReduceMax);
}

Result<TensorId> import_zero_padding(const LayerCall& call) {
  LITEQAT_RETURN_IF_ERROR(call.options.check_channels_last());
  LITEQAT_RETURN_IF_ERROR(call.require_rank(4));
  static const nlohmann::json kOne = 1;
  const nlohmann::json& given = call.options.find("padding");
  const nlohmann::json& padding = given.is_null() ? kOne : given;
  const bool two = padding.is_array() && padding.size() == 2;
  const auto height = read_margin(two ? padding[0] : padding), width = read_margin(two ? padding[1] : padding);
  if (!height || !width) {
    return error(Code::kCorruptFile, "option 'padding' is {}, whole numbers of 0 to 65536 for height and width were expected",
                 padding.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace).substr(0, 60));
  }
  const int32_t paddings[] = {0, 0, height->before, height->after, width->before, width->after, 0, 0};
  const TensorId indices = call.emit.indices(call.name + "/paddings", paddings, 2);
  return call.emit.op(OpKind::kPad, call.name, {call.x(), indices});
}

Result<TensorId> import_up_sampling(const LayerCall& call) {
  LITEQAT_RETURN_IF_ERROR(call.options.check_channels_last());
  LITEQAT_RETURN_IF_ERROR(call.require_rank(4));
  LITEQAT_ASSIGN_OR_RETURN(const Pair size, call.options.pair("size", Pair{2, 2}));
  const int64_t height = int64_t{call.shape()[1]} * size.height, width = int64_t{call.shape()[2]} * size.width;
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  if (height > kMost || width > kMost) return error(Code::kOutOfRange, "its output would be {} x {}", height, width);
  return emit_resize(call, static_cast<int32_t>(height), static_cast<int32_t>(width), "nearest");
}

Result<TensorId> import_resizing(const LayerCall& call) {
  LITEQAT_RETURN_IF_ERROR(call.options.check_channels_last());
  LITEQAT_RETURN_IF_ERROR(call.require_rank(4));
  for (const char* key : {"crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"}) {
    LITEQAT_ASSIGN_OR_RETURN(const bool asked, call.options.flag(key, false));
    if (asked) return error(Code::kUnsupported, "option '{}' is not supported", key);
  }
  LITEQAT_ASSIGN_OR_RETURN(const int32_t height, call.options.count("height"));
  LITEQAT_ASSIGN_OR_RETURN(const int32_t width, call.options.count("width"));
  return emit_resize(call, height, width, "bilinear");
}

Result<TensorId> import_flatten(const LayerCall& call) {
  LITEQAT_RETURN_IF_ERROR(call.options.check_channels_last());
  const int64_t elems = elems_without_batch(call.shape());
  if (elems < 1 || elems > std::numeric_limits<int32_t>::max()) return error(Code::kOutOfRange, "its output would have {} elements", elems);
  return emit_reshape(call, {static_cast<int32_t>(elems)});
}

Result<TensorId> import_reshape(const LayerCall& call) {
  LITEQAT_ASSIGN_OR_RETURN(const std::vector<int64_t> target, call.options.integers("target_shape"));
  const int64_t elems = elems_without_batch(call.shape());
  int64_t known = 1;
  for (int64_t extent : target) {
    const bool fits = extent == -1 || (extent >= 1 && extent <= elems && known <= elems / extent);
    if (!fits) {
      return error(Code::kMismatch, "its target_shape {} does not fit {} elements", call.options.find("target_shape").dump().substr(0, 60),
                   elems);
    }
    if (extent != -1) known *= extent;
  }
  const auto open = std::ranges::count(target, -1);
  if (open > 1 || (open == 0 && known != elems) || elems % known != 0) {
    return error(Code::kMismatch, "its target_shape {} does not fit {} elements", call.options.find("target_shape").dump().substr(0, 60),
                 elems);
  }
  graph::Shape shape;
  for (int64_t extent : target) shape.push_back(static_cast<int32_t>(extent == -1 ? elems / known : extent));
  return emit_reshape(call, shape);
}

}  // namespace liteqat::formats::keras
