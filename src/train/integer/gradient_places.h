// Where the gradients of activations lie while one worker takes one chunk of images back through the deployed graph. One block per worker;
// a gradient whose lifetime is over gives its place to another.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "graph/graph.h"
#include "train/arena.h"

namespace liteqat::train {

class GradientPlaces {
 public:
  /// trained(op): whether operator `op` has parameters. `loss` is the tensor whose gradient starts the reverse walk.
  GradientPlaces(const graph::Graph& lowered, graph::TensorId loss, int32_t chunk, const std::function<bool(size_t op)>& trained);

  /// False where no parameter lies upstream or the loss does not depend on the tensor.
  bool has_gradient(graph::TensorId id) const { return slots_[static_cast<size_t>(id)] >= 0; }
  /// True if a later operator has already written its share of this input's gradient, so that this one must add.
  bool accumulates(size_t op, size_t input) const { return accumulates_[op][input] != 0; }

  int64_t image_elems(graph::TensorId id) const { return image_elems_[static_cast<size_t>(id)]; }
  /// Of a worker's block.
  int64_t block_elems() const { return plan_.elems; }
  float* at(graph::TensorId id, float* block) const { return block + plan_.offsets[static_cast<size_t>(slots_[static_cast<size_t>(id)])]; }

 private:
  std::vector<int64_t> image_elems_;            // by tensor
  std::vector<int32_t> slots_;                  // by tensor, -1: none
  std::vector<std::vector<char>> accumulates_;  // by operator and input
  ArenaPlan plan_;
};

}  // namespace liteqat::train
