// One operator (or one fake quantizer) of the training walk: how it computes a chunk of images forward and backward. A step owns what it
// keeps between the two directions and calls kernels/; order, barriers and memory are the engine's. A fused kernel takes the place of
// several operators by being one Step.
//
// Thread rule: forward() and backward() of one pass run at the same time for different chunks and may write only that chunk's memory;
// between two passes of a step all chunks are done and combine_*() runs alone, in chunk order.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/plan.h"
#include "quant/requantization.h"
#include "ranks/ranks.h"
#include "train/engine.h"
#include "train/layout.h"
#include "train/parameter_gradients.h"

namespace liteqat::train {

/// What all steps of an engine share. Outlives them.
struct Workplace {
  graph::Graph& model;
  quant::Plan* plan = nullptr;
  Layout layout;
  ParameterGradients gradients;
  int32_t chunk = 0;       // images of a full chunk
  int32_t max_chunks = 0;  // chunks of a full batch
  int32_t workers = 1;
  bool training = true;
  ranks::Ranks* ranks = nullptr;                       // null: this process alone
  std::vector<FloatBlock> scratch;                     // by worker, for gradients of activations that are added
  std::vector<FloatBlock> block_scratch;               // by worker, for blocks of fused steps
  std::vector<FloatBlock> taken_scratch;               // by worker, for the input of a unit that its reader reverses
  std::vector<FloatBlock> parameter_scratch;           // by worker, for gradients of a weight tensor and a bias that are added
  std::vector<quant::Requantization> requantizations;  // by quantizer; none: evaluation rounds by fake quantization alone
  std::vector<std::vector<double>> range_gradients;    // by quantizer and channel; empty where a range is not learned
  uint64_t dropout_seed = 0;
  int64_t step = 0;  // training steps before this one, of the whole run

  bool learns_range(size_t quantizer) const { return quantizer < range_gradients.size() && !range_gradients[quantizer].empty(); }
  const float* parameter(graph::TensorId id) const { return model.tensor(id).as<float>().data(); }
  float* parameter(graph::TensorId id) { return model.tensor(id).as<float>().data(); }
};

/// How a batch falls into chunks, and chunks into groups. A group is what one worker takes at a time, chunk after chunk, and has one
/// partial gradient of every parameter. Fixed by the batch and the chunk size, never by the thread count. Of several ranks each has
/// consecutive groups of the whole batch: images, chunks and groups are this rank's, counted from its first.
struct Batch {
  int32_t images = 0;
  int32_t chunk = 1;  // images of every chunk but the whole batch's last
  int32_t chunks = 0;
  int32_t chunks_per_group = 1;
  int32_t groups = 0;
  int32_t first_image = 0;  // in the whole batch
  int32_t all_images = 0;   // of the whole batch

  /// This rank's part of what there is for every image of the whole batch.
  template <typename T>
  std::span<T> own(std::span<T> all) const {
    return all.subspan(static_cast<size_t>(first_image), static_cast<size_t>(images));
  }
};

class Step {
 public:
  explicit Step(std::string name) : name_(std::move(name)) {}
  virtual ~Step() = default;

  /// The operator's name, for messages.
  const std::string& name() const { return name_; }

  /// Makes sure that chunks of `images` images can be computed. One step at a time; asked again for sizes already known.
  virtual Status configure(int32_t /*images*/) { return {}; }
  /// What must be ready before any chunk: weights as the forward uses them. Runs for several steps at once.
  virtual void prepare(Mode, const Batch&) {}

  /// True if the first pass needs what earlier steps combine: all their chunks are done before it begins.
  virtual bool forward_waits(Mode) const { return false; }
  virtual int forward_passes(Mode) const { return 1; }
  virtual void forward(Mode mode, int pass, const Chunk& chunk) = 0;
  /// After pass `pass` of all chunks.
  virtual void combine_forward(Mode, int /*pass*/, const Batch&) {}

  virtual bool backward_waits() const { return false; }
  virtual int backward_passes() const { return 1; }
  virtual void backward(int pass, const Chunk& chunk) = 0;
  virtual void combine_backward(int /*pass*/, const Batch&) {}
  /// After the gradients of parameters are summed.
  virtual void finish_gradients() {}

 private:
  std::string name_;
};

/// A place for the gradient of one operator input: written directly, or into scratch and added on finish() if another operator already
/// wrote its share.
class GradientTarget {
 public:
  GradientTarget(const Workplace& place, int32_t op, int32_t input, const Chunk& chunk);
  /// nullptr if nobody needs this gradient.
  float* data() const { return data_; }
  void finish();

 private:
  float* data_ = nullptr;
  float* sum_ = nullptr;
  int64_t elems_ = 0;
};

}  // namespace liteqat::train
