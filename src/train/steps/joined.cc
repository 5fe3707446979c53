#include "train/steps/joined.h"

#include <algorithm>
#include <array>

namespace liteqat::train {
namespace {

using graph::Shape;

/// Height, width and channels behind the batch axis, extents of 1 in front where there are fewer axes.
std::array<int32_t, 3> inner_extents(const Shape& shape) {
  std::array<int32_t, 3> extents = {1, 1, 1};
  std::copy_backward(shape.begin() + 1, shape.end(), extents.end());
  return extents;
}

kernels::train::OperandStrides strides_of(const Shape& shape) {
  const auto [height, width, channels] = inner_extents(shape);
  return {.image = int64_t{height} * width * channels,
          .row = height == 1 ? 0 : int64_t{width} * channels,
          .column = width == 1 ? 0 : int64_t{channels},
          .channel = channels == 1 ? 0 : 1};
}

}  // namespace

Result<kernels::train::ProductShape> product_shape(const graph::Graph& model, const graph::Op& multiply) {
  const Shape& product = model.tensor(multiply.outputs[0]).shape;
  for (graph::TensorId id : multiply.inputs) {
    const graph::Tensor& operand = model.tensor(id);
    const bool fits = !operand.constant() && operand.shape.size() == product.size() && product.size() >= 2 && product.size() <= 4 &&
                      operand.shape[0] == product[0];
    if (fits) continue;
    return error(Code::kUnsupported,
                 "operand '{}' {} of the product {} cannot be trained: expected a computed tensor of the product's rank, 2 to 4, and batch",
                 operand.name, graph::shape_text(operand.shape), graph::shape_text(product));
  }
  const auto [height, width, channels] = inner_extents(product);
  return kernels::train::ProductShape{height, width, channels, strides_of(model.tensor(multiply.inputs[0]).shape),
                                      strides_of(model.tensor(multiply.inputs[1]).shape)};
}

Result<std::vector<JoinedPart>> joined_parts(const graph::Graph& model, const graph::Op& concatenation) {
  const Shape& joined = model.tensor(concatenation.outputs[0]).shape;
  int32_t axis = concatenation.params_as<graph::AxisParams>().axis;
  if (axis < 0) axis += static_cast<int32_t>(joined.size());
  if (axis == 0) return error(Code::kUnsupported, "concatenation along the batch axis cannot be trained");
  const auto elems = [&](const Shape& shape, int32_t from, int32_t to) {
    return graph::elem_count(Shape(shape.begin() + from, shape.begin() + to));
  };
  const auto rank = static_cast<int32_t>(joined.size());
  std::vector<JoinedPart> parts;
  int64_t offset = 0;
  for (graph::TensorId id : concatenation.inputs) {
    const graph::Tensor& part = model.tensor(id);
    if (part.constant()) return error(Code::kUnsupported, "concatenation with the constant '{}' cannot be trained", part.name);
    parts.push_back({elems(joined, 1, axis), elems(part.shape, axis, rank), elems(joined, axis, rank), offset});
    offset += parts.back().part_elems;
  }
  return parts;
}

}  // namespace liteqat::train
