#include "graph/known_values.h"

#include <algorithm>
#include <limits>

#include "base/checked.h"
#include "graph/strided_slice.h"
#include "numeric/activation.h"

namespace liteqat::graph {
namespace {

constexpr size_t kMostValues = 256;  // far above any shape; larger tensors are data

bool is_integer(DType type) {
  return type == DType::kInt32 || type == DType::kInt64;
}

std::optional<int32_t> narrow(int64_t value) {
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) return std::nullopt;
  return static_cast<int32_t>(value);
}

bool payload_fits(const Tensor& tensor) {
  const auto elems = checked_product(std::span<const int32_t>(tensor.shape));
  const auto bytes = elems ? checked_mul(*elems, dtype_bytes(tensor.type)) : std::nullopt;
  return bytes && *bytes == static_cast<int64_t>(tensor.data.size());
}

}  // namespace

KnownValues::KnownValues(const Graph& graph) : graph_(graph), computed_(graph.tensors.size()) {
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    const Tensor& tensor = graph.tensors[id];
    if (!tensor.constant() || tensor.type != DType::kInt64 || tensor.data.size() > kMostValues * sizeof(int64_t) || !payload_fits(tensor))
      continue;
    Values values;
    for (int64_t value : tensor.as<int64_t>()) {
      const auto narrowed = narrow(value);
      if (!narrowed) break;
      values.push_back(*narrowed);
    }
    if (values.size() == tensor.data.size() / sizeof(int64_t)) computed_[id] = std::move(values);
  }
}

std::optional<std::span<const int32_t>> KnownValues::find(TensorId id) const {
  const Tensor& tensor = graph_.tensor(id);
  if (tensor.constant() && tensor.type == DType::kInt32) {
    return payload_fits(tensor) ? std::optional(tensor.as<int32_t>()) : std::nullopt;
  }
  const auto& values = computed_[static_cast<size_t>(id)];
  return values ? std::optional(std::span<const int32_t>(*values)) : std::nullopt;
}

void KnownValues::set(TensorId id, Values values) {
  if (values.size() <= kMostValues && is_integer(graph_.tensor(id).type)) computed_[static_cast<size_t>(id)] = std::move(values);
}

std::optional<KnownValues::Values> KnownValues::input(const Op& op, size_t position) const {
  if (position >= op.inputs.size() || op.inputs[position] == kNoTensor || !is_integer(graph_.tensor(op.inputs[position]).type)) {
    return std::nullopt;
  }
  const auto values = find(op.inputs[position]);
  if (!values || values->size() > kMostValues) return std::nullopt;
  return Values(values->begin(), values->end());
}

void KnownValues::learn(const Op& op, const std::vector<Shape>& shapes) {
  if (!is_integer(graph_.tensor(op.outputs[0]).type) || shapes[static_cast<size_t>(op.outputs[0])].size() > 1) return;
  if (op.kind == OpKind::kShape) return set(op.outputs[0], shapes[static_cast<size_t>(op.inputs[0])]);
  if (op.kind == OpKind::kSplit) {
    const auto whole = input(op, 1);
    const size_t part = whole ? whole->size() / op.outputs.size() : 0;
    for (size_t output = 0; whole && output < op.outputs.size(); ++output) {
      const auto begin = whole->begin() + static_cast<std::ptrdiff_t>(output * part);
      set(op.outputs[output], Values(begin, begin + static_cast<std::ptrdiff_t>(part)));
    }
    return;
  }
  auto values = evaluate(op, shapes);
  if (values) set(op.outputs[0], std::move(*values));
}

std::optional<KnownValues::Values> KnownValues::evaluate(const Op& op, const std::vector<Shape>& shapes) const {
  switch (op.kind) {
    case OpKind::kReshape:
    case OpKind::kSqueeze:
    case OpKind::kExpandDims:
    case OpKind::kCast:
      return input(op, 0);
    case OpKind::kPack:
    case OpKind::kConcatenation:
      return evaluate_joined(op);
    case OpKind::kSlice:
    case OpKind::kStridedSlice:
      return evaluate_slice(op, shapes);
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kMaximum:
    case OpKind::kMinimum:
      return evaluate_arithmetic(op);
    default:
      return std::nullopt;
  }
}

/// The output is a vector, so its inputs are scalars (PACK) or vectors (CONCATENATION) one after the other.
std::optional<KnownValues::Values> KnownValues::evaluate_joined(const Op& op) const {
  Values joined;
  for (size_t position = 0; position < op.inputs.size(); ++position) {
    const auto values = input(op, position);
    if (!values) return std::nullopt;
    joined.insert(joined.end(), values->begin(), values->end());
  }
  return joined;
}

std::optional<KnownValues::Values> KnownValues::evaluate_slice(const Op& op, const std::vector<Shape>& shapes) const {
  const Shape& shape = shapes[static_cast<size_t>(op.inputs[0])];
  const auto whole = input(op, 0), begin = input(op, 1), end = input(op, 2);
  if (!whole || !begin || !end || shape.size() != 1) return std::nullopt;
  SlicedAxis selected = {.begin = (*begin)[0],
                         .count = shapes[static_cast<size_t>(op.outputs[0])].empty() ? 1 : shapes[static_cast<size_t>(op.outputs[0])][0]};
  if (op.kind == OpKind::kStridedSlice) {
    const auto strides = input(op, 3);
    if (!strides) return std::nullopt;
    const auto axes = resolve_strided_slice(shape, {*begin, *end, *strides}, op.params_as<StridedSliceParams>());
    if (!axes.ok()) return std::nullopt;
    const auto found = std::ranges::find(*axes, 0, &SlicedAxis::input_axis);
    selected = *found;
  }
  Values values;
  for (int32_t index = 0; index < selected.count; ++index)
    values.push_back((*whole)[static_cast<size_t>(selected.begin + index * selected.step)]);
  return values;
}

std::optional<KnownValues::Values> KnownValues::evaluate_arithmetic(const Op& op) const {
  const auto a = input(op, 0), b = input(op, 1);
  if (!a || !b || a->empty() || b->empty()) return std::nullopt;
  const auto* fused = std::get_if<ArithmeticParams>(&op.params);
  const auto [low, high] = numeric::float_clamp(fused ? fused->activation : numeric::Activation::kNone);
  Values values;
  for (size_t index = 0; index < std::max(a->size(), b->size()); ++index) {
    const int64_t x = (*a)[a->size() == 1 ? 0 : index], y = (*b)[b->size() == 1 ? 0 : index];
    const int64_t value = op.kind == OpKind::kAdd       ? x + y
                          : op.kind == OpKind::kSub     ? x - y
                          : op.kind == OpKind::kMul     ? x * y
                          : op.kind == OpKind::kMaximum ? std::max(x, y)
                                                        : std::min(x, y);
    // As double: what that rounds does not fit into 32 bits.
    const auto narrowed = narrow(static_cast<int64_t>(std::clamp<double>(static_cast<double>(value), low, high)));
    if (!narrowed) return std::nullopt;
    values.push_back(*narrowed);
  }
  return values;
}

}  // namespace liteqat::graph
