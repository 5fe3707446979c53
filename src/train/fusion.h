// Which operators of a training graph run as one step: convolution, depthwise convolution or dense -> BATCH_NORM -> nothing, RELU, RELU6 or
// HARD_SWISH. Found by what the graph says, for any network. Only decides; steps/fused_step computes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.h"

namespace liteqat::train {

struct FusedUnit {
  int32_t linear = -1, norm = -1, activation = -1;  // operators; activation -1: none
  graph::TensorId input = graph::kNoTensor;         // of the linear operator
  graph::TensorId sum = graph::kNoTensor;           // its output, the one tensor that is always stored
  graph::TensorId output = graph::kNoTensor;        // of the activation, else of the batch norm
  /// False where the only reader is another unit's linear operator, which normalizes as it loads.
  bool stored = true;
  /// A depthwise convolution that steps/strip_step.h computes.
  bool in_strips = false;
  /// A 1x1 convolution before one of those, not stored: the reader's passes take this unit's along (steps/input_moments.h), so that the
  /// gradient of its output is never stored either.
  bool by_reader = false;
};

class Fusion {
 public:
  Fusion() = default;  // nothing is fused

  /// `loss`: the tensor that the loss reads; it is stored, as the graph's outputs are and as what is `dropped` of. Requires: a validated
  /// graph.
  static Fusion find(const graph::Graph& model, graph::TensorId loss, std::span<const graph::TensorId> dropped = {});

  const std::vector<FusedUnit>& units() const { return units_; }
  /// Index of the unit that the operator belongs to, -1: none.
  int32_t unit_of(int32_t op) const { return unit_of_op_.empty() ? -1 : unit_of_op_[static_cast<size_t>(op)]; }
  /// Index of the unit whose output `id` is and is not stored, -1: none.
  int32_t unstored(graph::TensorId id) const;
  /// Index of the unit that the operator, a unit's linear one, takes along; -1: none.
  int32_t taken_along(int32_t op) const;

 private:
  std::vector<FusedUnit> units_;
  std::vector<int32_t> unit_of_op_;
};

}  // namespace liteqat::train
