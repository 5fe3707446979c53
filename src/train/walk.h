// Runs the passes of a list of steps over all chunks with as few barriers as possible: consecutive passes that need nothing of other
// chunks form a segment, and each worker takes its chunks through the whole segment while they are in its cache.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "train/steps/step.h"

namespace liteqat::train {

/// Work on a chunk before the first pass of a walk.
using ChunkFunction = std::function<void(const Chunk&)>;

/// All forward passes in order.
void walk_forward(std::span<Step* const> steps, Mode mode, const Batch& batch, int32_t chunk_images, ThreadPool& pool);

/// All backward passes, last step first. `first` runs on each chunk before them. Requires: at least one step.
void walk_backward(std::span<Step* const> steps, const Batch& batch, int32_t chunk_images, ThreadPool& pool, const ChunkFunction& first);

/// Images [begin, begin + count) of chunk `index`: fixed by the batch and the chunk size, never by the thread count.
Chunk chunk_at(const Batch& batch, int32_t chunk_images, int32_t index, int worker);

}  // namespace liteqat::train
