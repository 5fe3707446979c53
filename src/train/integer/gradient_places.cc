#include "train/integer/gradient_places.h"

#include <algorithm>
#include <bit>

namespace liteqat::train {

using graph::kNoTensor;
using graph::Op;
using graph::TensorId;

namespace {

size_t index(TensorId id) {
  return static_cast<size_t>(id);
}

/// A power of two, so that neighbours of about the same size go back together. As many as the cache holds: fewer would go over the
/// gradients of weights more often than need be.
int32_t images_together(int64_t image_elems, int32_t chunk, int64_t cache_elems) {
  const auto fitting = static_cast<uint64_t>(std::max<int64_t>(1, cache_elems / std::max<int64_t>(1, image_elems)));
  return static_cast<int32_t>(std::min<uint64_t>(std::bit_floor(fitting), static_cast<uint64_t>(chunk)));
}

}  // namespace

GradientPlaces::GradientPlaces(const graph::Graph& lowered, TensorId loss, int32_t chunk, int64_t cache_elems,
                               const std::function<bool(size_t op)>& trained) {
  for (const graph::Tensor& tensor : lowered.tensors) {
    const int64_t batch = tensor.constant() || tensor.shape.empty() ? 1 : std::max(tensor.shape[0], 1);
    image_elems_.push_back(graph::elem_count(tensor.shape) / batch);
  }
  find_segments(lowered, chunk, cache_elems);
  find_needs(lowered, trained);
  place(lowered, loss, chunk);
}

void GradientPlaces::find_segments(const graph::Graph& lowered, int32_t chunk, int64_t cache_elems) {
  for (const Op& op : lowered.ops) {
    int64_t largest = image_elems(op.outputs[0]);
    for (TensorId id : op.inputs) {
      if (id != kNoTensor && !lowered.tensor(id).constant()) largest = std::max(largest, image_elems(id));
    }
    const int32_t at = static_cast<int32_t>(segment_of_.size()), images = images_together(largest, chunk, cache_elems);
    if (segments_.empty() || segments_.back().images != images) segments_.push_back({at, at, images});
    segments_.back().end = at + 1;
    segment_of_.push_back(static_cast<int32_t>(segments_.size()) - 1);
    largest_elems_ = std::max(largest_elems_, largest * images);
  }
}

void GradientPlaces::find_needs(const graph::Graph& lowered, const std::function<bool(size_t op)>& trained) {
  needed_.assign(lowered.tensors.size(), 0);
  for (size_t op = 0; op < lowered.ops.size(); ++op) {
    bool needs = trained(op);
    for (TensorId id : lowered.ops[op].inputs) needs = needs || (id != kNoTensor && needed_[index(id)] != 0);
    needed_[index(lowered.ops[op].outputs[0])] = needs;
  }
}

void GradientPlaces::place(const graph::Graph& lowered, TensorId loss, int32_t chunk) {
  struct Life {
    TensorId id;
    int32_t writer, last;  // operators: the first that writes it (that many as there are: the loss), the last that looks at it
  };
  std::vector<Life> lives;
  slots_.assign(lowered.tensors.size(), -1);
  for (const Op& op : lowered.ops) accumulates_.emplace_back(op.inputs.size(), char{0});
  const auto add = [&](TensorId id, int32_t op) {
    slots_[index(id)] = static_cast<int32_t>(lives.size());
    lives.push_back({id, op, op});
  };
  const auto ops = static_cast<int32_t>(lowered.ops.size());
  if (needed_[index(loss)]) add(loss, ops);
  for (int32_t op = ops - 1; op >= 0; --op) {
    const Op& current = lowered.ops[static_cast<size_t>(op)];
    const int32_t slot = slots_[index(current.outputs[0])];
    if (slot < 0) continue;
    lives[static_cast<size_t>(slot)].last = op;
    for (size_t input = 0; input < current.inputs.size(); ++input) {
      const TensorId id = current.inputs[input];
      if (id == kNoTensor || !needed_[index(id)]) continue;
      accumulates_[static_cast<size_t>(op)][input] = slots_[index(id)] >= 0;
      if (slots_[index(id)] < 0) add(id, op);
    }
  }
  // Time runs against the operators. What leaves a segment is written for some images while others still are at the segment's beginning, so
  // it lives as long as the segment does.
  std::vector<Lifetime> lifetimes;
  for (const Life& life : lives) {
    const Segment last = segments_[static_cast<size_t>(segment_of_[static_cast<size_t>(std::min(life.last, ops - 1))])];
    const bool inside = life.writer < last.end;
    const int32_t begin = life.writer == ops ? ops : segments_[static_cast<size_t>(segment_of_[static_cast<size_t>(life.writer)])].end - 1;
    inside_segment_.push_back(inside);
    lifetimes.push_back(inside ? Lifetime{image_elems(life.id) * last.images, ops - life.writer, ops - life.last}
                               : Lifetime{image_elems(life.id) * chunk, ops - begin, ops - std::min(last.begin, ops - 1)});
  }
  plan_ = plan_arena(lifetimes);
}

}  // namespace liteqat::train
