// The training loop: epochs of shuffled, augmented batches, validation, history, checkpoints through a callback, resume.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/progress.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "data/batches.h"
#include "data/dataset.h"
#include "graph/graph.h"
#include "quant/plan.h"
#include "train/engine.h"
#include "train/optimizer.h"

namespace liteqat::train {

/// How quantization-aware training computes its forward; without a plan it is float either way.
enum class Forward {
  kFakeQuant,  // float, rounded where the plan says so
  kInteger,    // the deployed integers (integer/integer_engine.h); validation too
};

/// How the ranges of fake quantizers come about in training.
enum class Ranges {
  kFollow,   // as the plan says: moving averages of activations, the weights' own
  kLearned,  // trained (learned_ranges.h); with fake quantization only
};

struct FitOptions {
  std::string title;  // of the progress line, e.g. the stage's name
  int32_t epochs = 1;
  int32_t batch_size = 32;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  float label_smoothing = 0;
  data::Augmentation augmentation;
  data::Normalization normalization;
  bool shuffle = true;
  uint64_t seed = 0;  // of the data order and augmentation
  Forward forward = Forward::kFakeQuant;
  bool fused = true;  // EngineOptions::fused
  Ranges ranges = Ranges::kFollow;
  float dropout = 0;  // share of what the classifier reads that training drops (classifier_dropout.h)
  /// Who trains together: each calls fit() alike and computes a share of every batch; null: this process alone.
  ranks::Ranks* ranks = nullptr;
};

struct EpochRecord {
  int32_t epoch = 0;  // 1-based
  int64_t steps = 0;
  double train_loss = 0;
  int64_t train_correct = 0, train_total = 0;
  std::optional<double> validation_loss;
  int64_t validation_correct = 0, validation_total = 0;
  double learning_rate = 0;
  double seconds = 0;
};

/// Loss and hits of the images that an epoch has seen so far.
struct Tally {
  double loss_sum = 0;
  int64_t correct = 0, total = 0;
};

/// Everything beside the graph and the plan that a resumed run needs.
struct FitState {
  int32_t epochs_done = 0;
  Tally part = {};  // of the epoch after these, where training was interrupted inside it
  int64_t optimizer_steps = 0;
  std::vector<Optimizer::Slot> slots;
  std::vector<EpochRecord> history;
};

/// Called after every epoch, and where one process alone is interrupted inside one (FitState::part), with the state to store; model and
/// plan are as training goes on from them. An error stops the run.
using EpochCallback = std::function<Status(const FitState&)>;

/// Trains model (and plan, as quant::make_plan makes it but for its ranges) in place, from `state` on. With OptimizerOptions::ema_decay
/// validation sees averaged weights, and they are what the model holds on return. Several ranks get the same model, bytes as of one.
/// Fails: kOutOfRange naming epoch, step and the first operator or tensor after a step that left the loss, a weight, a statistic or a range
/// not finite (the last good state is then in the caller's checkpoint alone); kInterrupted between batches, after on_epoch; kMismatch for a
/// state of other data; what ended the exchanges with other ranks.
Result<FitState> fit(graph::Graph& model, quant::Plan* plan, const data::Split& train, const data::Split* validation,
                     const FitOptions& options, FitState state, ThreadPool& pool, Progress& progress, const EpochCallback& on_epoch);

/// Scores [count, classes] of a split in evaluation mode, with a plan as deployment rounds (EngineOptions::as_deployed): float arithmetic
/// that should come to the codes of the integer runtime. Fails: as quant::lower_to_int8 for a plan that cannot be deployed.
Result<std::vector<float>> predict(graph::Graph& model, quant::Plan* plan, const data::Split& split,
                                   const data::Normalization& normalization, ThreadPool& pool, Progress& progress);

/// Minimum and maximum of every activation quantizer over the split, without fake quantization.
Result<std::vector<quant::Observation>> calibrate(graph::Graph& model, quant::Plan& plan, const data::Split& split,
                                                  const data::Normalization& normalization, ThreadPool& pool, Progress& progress);

}  // namespace liteqat::train
