// Values of small integer tensors that constants and shapes alone determine: what SHAPE gives and what is computed from it, so that new
// shapes, sizes and axes may be computed (Keras exports SHAPE, STRIDED_SLICE, PACK, RESHAPE). Scalars and vectors only; whatever cannot be
// told stays unknown, which is no error. Not for use outside this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "graph/graph.h"

namespace liteqat::graph {

class KnownValues {
 public:
  /// Knows the integer constants. The graph must outlive this.
  explicit KnownValues(const Graph& graph);

  /// Empty if unknown. int64 values are known if they fit into 32 bits.
  std::optional<std::span<const int32_t>> find(TensorId id) const;

  /// Learns the operator's outputs. `shapes` by tensor id: those of its inputs and outputs. Requires: structure and shapes checked.
  void learn(const Op& op, const std::vector<Shape>& shapes);

 private:
  using Values = std::vector<int32_t>;
  void set(TensorId id, Values values);
  std::optional<Values> input(const Op& op, size_t position) const;
  std::optional<Values> evaluate(const Op& op, const std::vector<Shape>& shapes) const;
  std::optional<Values> evaluate_joined(const Op& op) const;
  std::optional<Values> evaluate_slice(const Op& op, const std::vector<Shape>& shapes) const;
  std::optional<Values> evaluate_arithmetic(const Op& op) const;

  const Graph& graph_;
  std::vector<std::optional<Values>> computed_;  // by tensor id; constants of type int32 are read where they lie
};

}  // namespace liteqat::graph
