// Walks a float training graph forward with saved activations and back again, one backward kernel per operator, fake quantizers applied
// where a quant::Plan puts them. Every kernel call handles one fixed chunk of images; gradients of weights are summed in chunk order, so
// the bytes of a result do not depend on the thread count. No arithmetic of its own: kernels/ computes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/thread_pool.h"
#include "graph/graph.h"
#include "quant/plan.h"
#include "ranks/ranks.h"

namespace liteqat::train {

/// An activation of which training drops a share (kernels/train/joins.h): what all its readers see, behind its fake quantizer. No part of
/// the graph, so that nothing needs to be taken out of what is deployed. The mask is a function of (seed, step, tensor's name, element of
/// the batch); evaluation and calibration drop nothing.
struct Dropout {
  graph::TensorId tensor = graph::kNoTensor;
  float rate = 0;  // in [0, 1)
};
struct DropoutOptions {
  std::vector<Dropout> places = {};
  uint64_t seed = 0;
  int64_t steps_done = 0;  // of the run that is resumed
};

struct EngineOptions {
  int32_t max_batch = 32;
  int32_t chunk = 8;     // images per kernel call; fixed by the batch size, never by the thread count
  bool training = true;  // false: no gradients, values share memory; kTraining and backward() are then not allowed
  /// kEvaluation rounds where the deployed operators will round (quant/requantization.h), by the weights and ranges at make(). Else it
  /// rounds by fake quantization alone, as TFMOT does.
  bool as_deployed = false;
  /// Convolution, batch norm and activation as one step where there is no plan (fusion.h); off: a step per operator.
  bool fused = true;
  bool timed = false;  // step_times() counts; costs two readings of the clock per step and chunk
  DropoutOptions dropout = {};
  /// By quantizer: whether range_gradient() is wanted; empty: of none.
  std::vector<char> learned_ranges = {};
  /// Who else computes a share of every batch, with an engine made alike; null: nobody. Statistics, ranges, gradients and the loss are then
  /// those of the whole batch, with the bytes of one process.
  ranks::Ranks* ranks = nullptr;
};

/// The images of a batch that one rank computes.
struct Share {
  int32_t first = 0, count = 0;
};

/// The chunk for steps of single operators: 4 images, fewer where a batch would make fewer than 4 chunks. 4 images of MobileNetV2's largest
/// tensors (600 KB each) stay in a core's caches from operator to operator: 1.4 times as fast as 8 or 16 images at batch 64.
int32_t chunk_images(int32_t batch);
/// The chunk that fit() uses. Fused steps work through a chunk in blocks of their own: larger chunks then mean fewer partial gradients and
/// larger matrix products: 16 images where that leaves 8 chunks a batch, more where images_beside_weights() is more.
int32_t training_chunk_images(const graph::Graph& model, const quant::Plan* plan, int32_t batch);
/// Images of a chunk whose operators write half as many values as the network has weights, in fours and 32 at most: every chunk goes over
/// all weights and their gradients, which should be little beside its activations.
int32_t images_beside_weights(const graph::Graph& model);

enum class Mode {
  kTraining,     // batch statistics, moving statistics and ranges updated
  kEvaluation,   // moving statistics, stored ranges
  kCalibration,  // as evaluation without fake quantization; minimum and maximum of every quantized activation are recorded
};

/// A batch's loss (mean over images) and how many images were classified correctly.
struct LossValue {
  double loss = 0;
  int64_t correct = 0;
};

/// Fake quantizers and dropout are named after the operator in front of them. Of the integer forward: ranges are observed in float,
/// weights are folded, quantized and packed, once a training step and for all operators.
enum class StepKind { kOperator, kFakeQuant, kDropout, kObservation, kPacking };

/// What a step took since the engine was made, worker-seconds, and what it multiplied per image.
struct StepTime {
  std::string name;                      // of its first operator
  std::vector<graph::OpKind> operators;  // in the order of the graph
  StepKind kind = StepKind::kOperator;
  double forward_seconds = 0, backward_seconds = 0;
  int64_t forward_macs = 0, backward_macs = 0;
};

class Engine {
 public:
  /// The graph's weights and, if a plan is given, its ranges are read and updated in place: both must outlive the engine.
  /// Fails: kUnsupported naming an operator that cannot be trained.
  static Result<Engine> make(graph::Graph& model, quant::Plan* plan, ThreadPool& pool, const EngineOptions& options);
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  /// Of a batch of n images; everything without other ranks.
  Share share(int32_t n) const;

  /// images: float NHWC [share(n).count, ...] of a batch of n <= max_batch images, unchanged until backward(). Returns the graph's output
  /// [share(n).count, classes], valid until the next call.
  std::span<const float> forward(std::span<const float> images, int32_t n, Mode mode);

  /// Softmax cross-entropy of the last forward (logits, or the input of a final SOFTMAX) with label smoothing as Keras defines it;
  /// then the reverse walk: gradients of all parameters are ready afterwards. labels: of the whole batch. Requires: the last forward was
  /// kTraining.
  LossValue backward(std::span<const int32_t> labels, float label_smoothing);
  /// The same loss without gradients.
  LossValue loss(std::span<const int32_t> labels, float label_smoothing) const;

  /// Trainable tensors in graph order, and the gradient of each after backward().
  const std::vector<graph::TensorId>& parameters() const;
  std::span<const float> gradient(size_t parameter_index) const;

  /// After backward(), of a quantizer in EngineOptions::learned_ranges: by channel, the loss' derivative by the quantizer's step s. An
  /// element x with gradient dy of its rounded value adds dy * (round(x / s) - x / s) inside of the range and dy * q at its end q
  /// (Esser et al. 2020, equation 3).
  std::span<const double> range_gradient(size_t quantizer) const;

  /// What Mode::kCalibration saw so far, by quantizer.
  const std::vector<quant::Observation>& observations() const;
  /// As if nothing had been seen.
  void reset_observations();

  /// The activation of every image of the last forward, as its readers see it (behind its fake quantizer). RELU may have overwritten its
  /// input. Requires: an engine for training; the others reuse memory.
  std::vector<float> copy_activation(graph::TensorId id) const;

  /// Name of the first operator whose output (or gradient) holds a NaN or Inf after the last forward/backward; empty if none.
  std::string find_non_finite() const;

  int64_t memory_bytes() const;

  /// Requires: EngineOptions::timed.
  std::vector<StepTime> step_times() const;

 private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace liteqat::train
