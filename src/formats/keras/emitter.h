// Appends operators and constants to the graph under construction, with names made unique. Private to formats/keras.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace liteqat::formats::keras {

using graph::OpKind;
using graph::TensorId;

class Emitter {
 public:
  explicit Emitter(graph::Graph& graph) : graph_(graph) {}

  /// An operator with one output of the same name; a number is appended to a name that exists (a layer that is called twice).
  Result<TensorId> op(OpKind kind, const std::string& name, std::vector<TensorId> inputs, graph::OpParams params = {});

  /// A float32 tensor with a value. A second one of the same name is the first: weights shared by several calls of a layer.
  TensorId floats(const std::string& name, const graph::Shape& shape, std::span<const float> values,
                  graph::Role role = graph::Role::kConstant);
  /// An int32 vector, or a matrix of `columns` columns.
  TensorId indices(const std::string& name, std::span<const int32_t> values, int32_t columns = 0);

  TensorId input(const std::string& name, const graph::Shape& shape);
  const graph::Shape& shape(TensorId id) const { return graph_.tensor(id).shape; }

 private:
  std::string unique(const std::string& name);

  graph::Graph& graph_;
  std::set<std::string> names_;  // of operators, inputs and index tensors
};

}  // namespace liteqat::formats::keras
