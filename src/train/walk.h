// Runs the passes of a list of steps over all chunks with as few barriers as possible: consecutive passes that need nothing of other
// chunks form a segment, and each worker takes its chunks through the whole segment while they are in its cache.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "train/steps/step.h"

namespace liteqat::train {

/// Work on a chunk before the first pass of a walk.
using ChunkFunction = std::function<void(const Chunk&)>;

/// Seconds that the passes of each step took, all workers together. Workers may add at the same time.
class StepClock {
 public:
  StepClock(size_t steps, int workers) : steps_(steps), seconds_(steps * static_cast<size_t>(workers)) {}
  void add(size_t step, int worker, double seconds) { seconds_[static_cast<size_t>(worker) * steps_ + step] += seconds; }
  double seconds(size_t step) const;

 private:
  size_t steps_;
  std::vector<double> seconds_;  // [workers, steps]
};

/// Calls run(); its seconds go to the clock if there is one.
template <typename Run>
void run_timed(StepClock* clock, size_t step, int worker, const Run& run) {
  if (clock == nullptr) return run();
  const auto start = std::chrono::steady_clock::now();
  run();
  clock->add(step, worker, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

/// All forward passes in order. The clock, null if nobody asks, counts steps as `steps` does.
void walk_forward(std::span<Step* const> steps, Mode mode, const Batch& batch, ThreadPool& pool, StepClock* clock = nullptr);

/// All backward passes, last step first. `first` runs on each chunk before them. Requires: at least one step.
void walk_backward(std::span<Step* const> steps, const Batch& batch, ThreadPool& pool, const ChunkFunction& first,
                   StepClock* clock = nullptr);

/// At most kMaxGroups groups: enough for as many workers, and few enough that partial weight gradients stay small beside activations.
inline constexpr int32_t kMaxGroups = 16;
/// This rank's part of a batch of `images` images; rank 0's is never empty, others may be.
Batch make_batch(int32_t images, int32_t chunk, const ranks::Ranks* ranks = nullptr);
/// The most images that this rank gets of any batch of up to max_batch images.
int32_t most_images(int32_t max_batch, int32_t chunk, const ranks::Ranks* ranks);
/// Fails: kInvalidArgument if batches of this size leave a rank without work.
Status check_ranks(int32_t batch, int32_t chunk, const ranks::Ranks* ranks);
/// Calls function for each chunk of the batch, a group a task.
void for_each_chunk(const Batch& batch, ThreadPool& pool, const ChunkFunction& function);
Chunk chunk_at(const Batch& batch, int32_t index, int worker);

}  // namespace liteqat::train
