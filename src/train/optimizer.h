// Optimizers as Keras defines them, and learning-rate schedules. Slots (momentum, Adam's moments) are plain vectors, stored in checkpoints.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/thread_pool.h"
#include "graph/graph.h"

namespace liteqat::train {

enum class OptimizerKind { kSgd, kAdam };

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdam;
  float learning_rate = 1e-3f;
  float momentum = 0.0f;  // SGD
  bool nesterov = false;
  float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-7f;  // Adam, Keras' defaults
  float weight_decay = 0.0f;                            // L2 added to the gradient of kernels (rank > 1), not of biases, gamma, beta
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
  OptimizerOptions options_;
  std::vector<graph::TensorId> parameters_;
  std::vector<Slot> slots_;
  std::vector<size_t> first_slot_;  // by parameter
  std::vector<Block> blocks_;
  int64_t steps_done_ = 0;
};

}  // namespace liteqat::train
