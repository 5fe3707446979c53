#include "train/walk.h"

#include <algorithm>

namespace liteqat::train {
namespace {

struct Pass {
  size_t index;  // of the step
  Step* step;
  int pass;
  bool waits;  // for all chunks of the passes before it
};

/// Calls run_segment for each run of passes without a barrier inside: one that waits opens a new one.
template <typename RunSegment>
void for_each_segment(std::span<const Pass> passes, const RunSegment& run_segment) {
  size_t begin = 0;
  while (begin < passes.size()) {
    size_t end = begin + 1;
    while (end < passes.size() && !passes[end].waits) ++end;
    run_segment(passes.subspan(begin, end - begin));
    begin = end;
  }
}

}  // namespace

double StepClock::seconds(size_t step) const {
  double sum = 0;
  for (size_t i = step; i < seconds_.size(); i += steps_) sum += seconds_[i];
  return sum;
}

Batch make_batch(int32_t images, int32_t chunk, const ranks::Ranks* ranks) {
  const auto ceil_div = [](int32_t a, int32_t b) { return (a + b - 1) / b; };
  const int32_t chunks = ceil_div(images, chunk), chunks_per_group = ceil_div(chunks, kMaxGroups),
                groups = ceil_div(chunks, chunks_per_group);
  const int32_t rank = ranks == nullptr ? 0 : ranks->rank(), count = ranks == nullptr ? 1 : ranks->count();
  const int32_t first_group = ceil_div(groups * rank, count), end_group = ceil_div(groups * (rank + 1), count);
  const int32_t begin = std::min(images, first_group * chunks_per_group * chunk),
                end = std::min(images, end_group * chunks_per_group * chunk);
  return {.images = end - begin,
          .chunk = chunk,
          .chunks = ceil_div(end - begin, chunk),
          .chunks_per_group = chunks_per_group,
          .groups = end_group - first_group,
          .first_image = begin,
          .all_images = images};
}

int32_t most_images(int32_t max_batch, int32_t chunk, const ranks::Ranks* ranks) {
  int32_t most = 0;  // a smaller batch may have smaller groups, and more of them for this rank
  for (int32_t images = 1; images <= max_batch; ++images) most = std::max(most, make_batch(images, chunk, ranks).images);
  return most;
}

Status check_ranks(int32_t batch, int32_t chunk, const ranks::Ranks* ranks) {
  const int32_t groups = make_batch(batch, chunk).groups;
  if (ranks == nullptr || ranks->count() <= groups) return {};
  return error(Code::kInvalidArgument, "a batch of {} images has {} parts for {} ranks; start at most {}, or take a larger batch", batch,
               groups, ranks->count(), groups);
}

Chunk chunk_at(const Batch& batch, int32_t index, int worker) {
  const int32_t begin = index * batch.chunk;
  return {.index = index,
          .begin = begin,
          .count = std::min(batch.chunk, batch.images - begin),
          .group = index / batch.chunks_per_group,
          .first_of_group = index % batch.chunks_per_group == 0,
          .worker = worker};
}

void for_each_chunk(const Batch& batch, ThreadPool& pool, const ChunkFunction& function) {
  pool.run(batch.groups, [&](int group, int worker) {
    const int32_t end = std::min(batch.chunks, (group + 1) * batch.chunks_per_group);
    for (int32_t index = group * batch.chunks_per_group; index < end; ++index) function(chunk_at(batch, index, worker));
  });
}

void walk_forward(std::span<Step* const> steps, Mode mode, const Batch& batch, ThreadPool& pool, StepClock* clock) {
  std::vector<Pass> passes;
  for (size_t i = 0; i < steps.size(); ++i) {
    for (int pass = 0; pass < steps[i]->forward_passes(mode); ++pass)
      passes.push_back({i, steps[i], pass, pass > 0 || steps[i]->forward_waits(mode)});
  }
  for_each_segment(passes, [&](std::span<const Pass> segment) {
    for_each_chunk(batch, pool, [&](const Chunk& chunk) {
      for (const Pass& pass : segment) {
        run_timed(clock, pass.index, chunk.worker, [&] { pass.step->forward(mode, pass.pass, chunk); });
      }
    });
    for (const Pass& pass : segment) pass.step->combine_forward(mode, pass.pass, batch);
  });
}

void walk_backward(std::span<Step* const> steps, const Batch& batch, ThreadPool& pool, const ChunkFunction& first, StepClock* clock) {
  std::vector<Pass> passes;
  for (size_t i = steps.size(); i-- > 0;) {
    for (int pass = 0; pass < steps[i]->backward_passes(); ++pass)
      passes.push_back({i, steps[i], pass, pass > 0 || steps[i]->backward_waits()});
  }
  bool at_start = true;
  for_each_segment(passes, [&](std::span<const Pass> segment) {
    for_each_chunk(batch, pool, [&](const Chunk& chunk) {
      if (at_start) first(chunk);
      for (const Pass& pass : segment) {
        run_timed(clock, pass.index, chunk.worker, [&] { pass.step->backward(pass.pass, chunk); });
      }
    });
    at_start = false;
    for (const Pass& pass : segment) pass.step->combine_backward(pass.pass, batch);
  });
}

}  // namespace liteqat::train
