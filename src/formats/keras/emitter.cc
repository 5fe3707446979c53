#include "formats/keras/emitter.h"

#include <cstring>
#include <utility>

#include "graph/append.h"

namespace liteqat::formats::keras {

using graph::kNoTensor;

std::string Emitter::unique(const std::string& name) {
  std::string tried = name;
  for (int number = 1; !names_.insert(tried).second; ++number) tried = format("{}_{}", name, number);
  return tried;
}

Result<TensorId> Emitter::op(OpKind kind, const std::string& name, std::vector<TensorId> inputs, graph::OpParams params) {
  const std::string unique_name = unique(name);
  return graph::append_op(
      graph_, {.kind = kind, .name = unique_name, .inputs = std::move(inputs), .outputs = {}, .params = std::move(params)}, unique_name);
}

TensorId Emitter::floats(const std::string& name, const graph::Shape& shape, std::span<const float> values, graph::Role role) {
  const TensorId existing = graph_.find_tensor(name);
  if (existing != kNoTensor) return existing;
  graph::Tensor tensor = {.name = name, .shape = shape, .role = role};
  tensor.data.resize(values.size_bytes());
  if (!values.empty()) std::memcpy(tensor.data.data(), values.data(), values.size_bytes());
  return graph_.add_tensor(std::move(tensor));
}

TensorId Emitter::indices(const std::string& name, std::span<const int32_t> values, int32_t columns) {
  const auto count = static_cast<int32_t>(values.size());
  graph::Tensor tensor = {.name = unique(name), .type = graph::DType::kInt32, .shape = {count}, .role = graph::Role::kConstant};
  if (columns > 0) tensor.shape = {count / columns, columns};
  tensor.data.resize(values.size_bytes());
  if (!values.empty()) std::memcpy(tensor.data.data(), values.data(), values.size_bytes());
  return graph_.add_tensor(std::move(tensor));
}

TensorId Emitter::input(const std::string& name, const graph::Shape& shape) {
  const TensorId id = graph_.add_tensor({.name = unique(name), .shape = shape});
  graph_.inputs.push_back(id);
  return id;
}

}  // namespace liteqat::formats::keras
