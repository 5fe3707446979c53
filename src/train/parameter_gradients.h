// Gradients of the trainable tensors. Each group of chunks has a partial gradient of its own; they are summed in group order, element by
// element, from rank to rank, so that the sum is the same whichever worker of whichever rank computed or added what.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "graph/graph.h"
#include "ranks/ranks.h"
#include "train/arena.h"

namespace liteqat::train {

class ParameterGradients {
 public:
  /// One entry per kParameter tensor, in tensor order. With groups == 0 nothing is allocated (evaluation only).
  ParameterGradients(const graph::Graph& model, int32_t groups);

  const std::vector<graph::TensorId>& tensors() const { return tensors_; }
  /// Index into tensors(), -1 if the tensor is not trainable.
  int32_t find(graph::TensorId id) const;

  /// From then on sum() adds up the partials of this parameter. Without it the total is written directly. Requires: index in range.
  void use_partials(int32_t parameter);
  float* partial(int32_t parameter, int32_t group) const {
    const Entry& entry = entries_[static_cast<size_t>(parameter)];
    return entry.partials.data() + group * align_elems(entry.elems);
  }
  std::span<float> total(int32_t parameter) const {
    const Entry& entry = entries_[static_cast<size_t>(parameter)];
    return {totals_.data() + entry.total, static_cast<size_t>(entry.elems)};
  }
  /// The totals of this rank's `groups` first partials behind those of the ranks before it. Totals that are written directly must be the
  /// same on all ranks.
  void sum(int32_t groups, ThreadPool& pool, ranks::Ranks* ranks = nullptr) const;
  int64_t memory_bytes() const;

 private:
  struct Entry {
    int64_t elems = 0, total = 0;  // total: place of the first element in totals_
    FloatBlock partials;
  };
  struct Block {  // a task of sum(): elements [begin, end) of totals_, all of one parameter
    int32_t parameter;
    int64_t begin, end;
  };
  void sum_block(const Block& block, int32_t groups, bool from_zero) const;

  int32_t groups_;
  std::vector<graph::TensorId> tensors_;
  std::vector<int32_t> index_of_tensor_;
  std::vector<Entry> entries_;
  FloatBlock totals_;
  std::vector<Block> blocks_;
};

}  // namespace liteqat::train
