// Optimizers as Keras defines them, clipping by the global norm, averaged weights, and learning-rate schedules. Slots (momentum, Adam's
// moments, averages) are plain vectors, stored in checkpoints. One pass over all parameters updates and averages a block while it is in the
// cache; no byte depends on the thread count. Formulas: docs/decisions/0036.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/thread_pool.h"
#include "graph/graph.h"

namespace liteqat::train {

enum class OptimizerKind { kSgd, kAdam, kAdamW };

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdam;
  float learning_rate = 1e-3f;
  float momentum = 0.0f;  // SGD
  bool nesterov = false;
  float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-7f;  // Adam, Keras' defaults
  /// Of kernels (rank > 1), not of biases, gamma, beta. SGD and Adam: added to the gradient (L2). AdamW: w -= rate * decay * w.
  float weight_decay = 0.0f;
  /// Above 0: gradients are multiplied by clip_norm / max(norm, clip_norm), norm over all of them (tf.clip_by_global_norm; Pascanu et al.
  /// 2013), before weight decay is added.
  float clip_norm = 0.0f;
  /// Above 0: averages of all parameters and statistics, average = decay * average + (1 - decay) * value after every update, starting
  /// with the values after the first one (Keras' use_ema; statistics too, as in EfficientNet's training).
  float ema_decay = 0.0f;
};

enum class ScheduleKind { kConstant, kStep, kCosine };

struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::kConstant;
  int64_t warmup_steps = 0;             // linear from 0
  int64_t total_steps = 0;              // cosine: end of the half period
  std::vector<int64_t> boundary_steps;  // step: the rate is multiplied by step_factor at each
  float step_factor = 0.1f;
  float final_fraction = 0.0f;  // cosine: share of the base rate at the end
};

/// Factor on the base learning rate for the step-th update (0-based).
float schedule_factor(const ScheduleOptions& options, int64_t step);

class Optimizer {
 public:
  Optimizer(const OptimizerOptions& options, const graph::Graph& model, std::vector<graph::TensorId> parameters);

  /// One update of every parameter in place. gradients[k] belongs to parameters[k].
  void step(graph::Graph& model, std::span<const std::span<const float>> gradients, float schedule_factor, ThreadPool& pool);

  /// Exchanges the model's parameters and statistics with their averages; a second call takes it back. Does nothing without averages and
  /// before the first step.
  void swap_averages(graph::Graph& model);
  bool has_averages() const { return options_.ema_decay > 0 && steps_done_ > 0; }

  int64_t steps_done() const { return steps_done_; }
  /// Slots by name ("adam_m/conv/kernel") for checkpoints; restore() refuses other names or sizes.
  struct Slot {
    std::string name;
    std::vector<float> values;
  };
  const std::vector<Slot>& slots() const { return slots_; }
  Status restore(std::vector<Slot> slots, int64_t steps_done);

 private:
  struct Block {  // a task of step(): a part of one parameter
    size_t parameter;
    int64_t begin, elems;
    float weight_decay;
  };
  struct Average {  // of a tensor
    graph::TensorId tensor;
    size_t slot;
  };
  float clip_factor(std::span<const std::span<const float>> gradients, ThreadPool& pool);
  void update(const Block& block, double rate, const float* gradient, float gradient_scale, float* weights);
  void average(size_t index, const float* values, int64_t begin, int64_t elems);

  OptimizerOptions options_;
  std::vector<graph::TensorId> parameters_;
  std::vector<Slot> slots_;
  std::vector<size_t> first_slot_;  // by parameter
  std::vector<Block> blocks_;
  std::vector<Average> averages_;    // of the parameters, then of the statistics
  std::vector<double> square_sums_;  // by block
  int64_t steps_done_ = 0;
};

}  // namespace liteqat::train
