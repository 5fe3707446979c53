// Where the values of activations and their gradients lie. One region of memory per chunk of images, in which every buffer has a planned
// place: chunks never share memory, and a buffer whose lifetime is over gives its place to another.
//
// Aliases: RESHAPE output and input are one buffer; RELU and RELU6 work in place where nothing else reads their input. A tensor with a
// fake quantizer or dropout has two: `raw` as its operator wrote it and `value` as its readers see it. Of a fused unit whose output is not
// stored (fusion.h) all tensors are the linear operator's output.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"
#include "quant/plan.h"
#include "train/arena.h"
#include "train/fusion.h"

namespace liteqat::train {

/// One fixed part of a batch: images [begin, begin + count), handled by one worker. Consecutive chunks form a group.
struct Chunk {
  int32_t index = 0, begin = 0, count = 0;
  int32_t group = 0;
  bool first_of_group = true;
  int worker = 0;
};

struct LayoutOptions {
  int32_t max_batch = 1;
  int32_t chunk = 1;
  bool training = true;                     // false: values live until their last reader only, no gradients
  std::vector<graph::TensorId> dropped;     // tensors whose readers see a copy with a share of zeros
  graph::TensorId loss = graph::kNoTensor;  // the tensor whose gradient starts the reverse walk
};

class Layout {
 public:
  /// Requires: a validated graph with one input and one output and inferred shapes.
  Layout(const graph::Graph& model, const quant::Plan* plan, const Fusion& fusion, const LayoutOptions& options);

  void set_input(const float* images) { input_ = images; }
  float* raw(graph::TensorId id, const Chunk& chunk) const { return at(value_slots_[static_cast<size_t>(raw_[index(id)])], chunk); }
  float* value(graph::TensorId id, const Chunk& chunk) const { return at(value_slots_[static_cast<size_t>(value_[index(id)])], chunk); }

  /// False where no parameter lies upstream or the loss does not depend on the tensor.
  bool has_gradient(graph::TensorId id) const { return gradient_[index(id)] >= 0; }
  float* gradient(graph::TensorId id, const Chunk& chunk) const {
    return at(gradient_slots_[static_cast<size_t>(gradient_[index(id)])], chunk);
  }
  /// True if a later operator has already written its share of this input's gradient, so that this one must add.
  bool accumulates(int32_t op, int32_t input) const;

  int64_t image_elems(graph::TensorId id) const { return image_elems_[index(id)]; }
  /// Elements of the largest gradient that is added to, per image.
  int64_t scratch_elems() const { return scratch_elems_; }
  int64_t memory_bytes() const;

 private:
  enum class Place { kArena, kInput, kOwn };
  struct Slot {
    Lifetime life;  // elems: per image
    Place place = Place::kArena;
    float* base = nullptr;
    int64_t chunk_stride = 0;
  };
  static size_t index(graph::TensorId id) { return static_cast<size_t>(id); }
  float* at(const Slot& slot, const Chunk& chunk) const {
    float* base = slot.place == Place::kInput ? const_cast<float*>(input_) : slot.base;
    return base + chunk.index * slot.chunk_stride;
  }
  /// Whether the tensor's readers see something else than its operator wrote.
  bool is_changed(const quant::Plan* plan, graph::TensorId id) const;
  int32_t add_slot(std::vector<Slot>& slots, int64_t elems, int32_t time, Place place) const;
  void place_values(const graph::Graph& model, const quant::Plan* plan, const Fusion& fusion);
  void place_output(const graph::Graph& model, const quant::Plan* plan, const Fusion& fusion, int32_t op);
  void find_gradient_needs(const graph::Graph& model);
  void place_gradients(const graph::Graph& model, const Fusion& fusion);
  void place_input_gradient(const graph::Graph& model, int32_t op, int32_t input, int32_t time);
  FloatBlock allocate(std::vector<Slot>& slots) const;

  LayoutOptions options_;
  std::vector<int64_t> image_elems_;
  std::vector<Slot> value_slots_, gradient_slots_;
  std::vector<int32_t> raw_, value_, gradient_;  // slot of each tensor, -1: none
  std::vector<char> needs_gradient_;             // by tensor
  std::vector<std::vector<char>> accumulates_;   // by operator and input
  int64_t scratch_elems_ = 0;
  FloatBlock values_, gradients_;
  std::vector<FloatBlock> own_;
  const float* input_ = nullptr;
};

}  // namespace liteqat::train
