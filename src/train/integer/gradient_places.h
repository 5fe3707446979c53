// Where the gradients of activations lie while one worker takes one chunk of images back through the deployed graph, and how many images go
// back together. Large tensors' operators take a chunk's images back one or few at a time, from the last operator of a segment to its
// first: a gradient that lives inside a segment then has room for those images only, and stays in a core's cache. One block per worker; a
// gradient whose lifetime is over gives its place to another.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "train/arena.h"

namespace liteqat::train {

class GradientPlaces {
 public:
  /// Operators [begin, end) of the graph, which take `images` images of a chunk back at a time.
  struct Segment {
    int32_t begin = 0, end = 0, images = 1;
  };

  /// trained(op): whether operator `op` has parameters. `loss` is the tensor whose gradient starts the reverse walk. cache_elems: of an
  /// operator's largest tensor that go back together, one image at least.
  GradientPlaces(const graph::Graph& lowered, graph::TensorId loss, int32_t chunk, int64_t cache_elems,
                 const std::function<bool(size_t op)>& trained);

  /// In forward order; they hold every operator.
  const std::vector<Segment>& segments() const { return segments_; }
  /// Elements of the largest activation that an operator reads or writes at a time.
  int64_t largest_elems() const { return largest_elems_; }

  /// False where no parameter lies upstream or the loss does not depend on the tensor.
  bool has_gradient(graph::TensorId id) const { return slots_[static_cast<size_t>(id)] >= 0; }
  /// True if a later operator has already written its share of this input's gradient, so that this one must add.
  bool accumulates(size_t op, size_t input) const { return accumulates_[op][input] != 0; }

  int64_t image_elems(graph::TensorId id) const { return image_elems_[static_cast<size_t>(id)]; }
  /// Of a worker's block.
  int64_t block_elems() const { return plan_.elems; }
  /// The gradient of the chunk's images from `image` on, which is where its segment stands.
  float* at(graph::TensorId id, float* block, int32_t image) const {
    const auto slot = static_cast<size_t>(slots_[static_cast<size_t>(id)]);
    return block + plan_.offsets[slot] + (inside_segment_[slot] ? 0 : image * image_elems(id));
  }

 private:
  void find_segments(const graph::Graph& lowered, int32_t chunk, int64_t cache_elems);
  void find_needs(const graph::Graph& lowered, const std::function<bool(size_t op)>& trained);
  void place(const graph::Graph& lowered, graph::TensorId loss, int32_t chunk);

  std::vector<int64_t> image_elems_;  // by tensor
  std::vector<Segment> segments_;
  std::vector<int32_t> segment_of_;             // by operator
  std::vector<char> needed_;                    // by tensor: a parameter lies upstream
  std::vector<int32_t> slots_;                  // by tensor, -1: none
  std::vector<char> inside_segment_;            // by slot
  std::vector<std::vector<char>> accumulates_;  // by operator and input
  int64_t largest_elems_ = 0;
  ArenaPlan plan_;
};

}  // namespace liteqat::train
