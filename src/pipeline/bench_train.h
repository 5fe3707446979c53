// How fast a recipe trains here: images per second with data loading, time per operator and direction, share of the machine's peak, peak
// memory, and another framework in the same run.
#pragma once

#include <optional>
#include <string>

#include "base/progress.h"
#include "base/status.h"
#include "pipeline/bench.h"
#include "pipeline/recipe.h"
#include "results/train_bench_record.h"

namespace liteqat::pipeline {

struct TrainBenchInputs {
  Recipe recipe;
  int32_t batch = 0;  // 0: the recipe's
  double seconds = 20;
  int threads = 2;
  bool qat = false;                 // the quantization-aware stage instead of the float one, by the recipe's forward
  bool fused = true;                // off: a step per operator
  std::optional<PeerRequest> peer;  // script empty: shared/peers/keras_train_bench.py beside the source folder
  std::string version;
};

/// Images are pseudo-random pixels of the recipe's data set's shape, shuffled, augmented and normalized as the recipe says; the optimizer
/// is the recipe's, with a peer Adam as the peer's is. With a peer, own bursts stand before and after the peer's. Quantization-aware
/// training is measured in turns with float training of the same network, batch and optimizer, as long again.
/// Fails: kUnsupported (a network that cannot be trained; a peer for a network it does not have), kNotFound and others of the peer.
Result<results::TrainBenchRecord> bench_training(const TrainBenchInputs& inputs, Isa isa, Progress& progress);

}  // namespace liteqat::pipeline
