// Images of a split as float batches in memory. The next batch can be made by a spare thread while a step computes on this one; what is in
// a batch is the same function of (seed, epoch, position) either way.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "data/batches.h"
#include "data/dataset.h"
#include "train/engine.h"
#include "train/spare_thread.h"

namespace liteqat::train {

class BatchSource {
 public:
  /// Which images of a batch of n are loaded.
  using ShareOf = std::function<Share(int32_t n)>;

  /// The split must outlive it. Without share_of all images are loaded.
  BatchSource(const data::Split& split, const data::Normalization& normalization, const data::Augmentation& augmentation, uint64_t seed,
              int32_t batch, ThreadPool& pool, ShareOf share_of = {});

  /// Loads this share of the images order[begin...], at most one batch, and returns how many the batch has: those that prefetch() was
  /// asked for, else by all workers.
  int32_t load(std::span<const int32_t> order, int64_t begin, int32_t epoch);
  /// Begins to make the batch that the next load() will ask for; nothing if no image is left. Requires: order stays until then.
  void prefetch(std::span<const int32_t> order, int64_t begin, int32_t epoch);

  /// Of the share.
  std::span<const float> images() const { return std::span(now_.images).first(now_.indices.size() * image_elems()); }
  /// Of the whole batch.
  std::span<const int32_t> labels() const { return now_.labels; }

 private:
  struct Batch {
    std::vector<float> images;
    std::vector<int32_t> labels;
    std::span<const int32_t> indices = {};  // of the share
    const int32_t* first = nullptr;         // of the whole batch, in the order
    int32_t epoch = -1;
  };
  size_t image_elems() const { return static_cast<size_t>(split_.image_elems()); }
  /// What a batch is to hold; labels are set.
  void describe(Batch& batch, std::span<const int32_t> order, int64_t begin, int32_t epoch) const;
  void fill(Batch& batch, size_t first, size_t count) const;

  const data::Split& split_;
  data::BatchFiller filler_;
  int32_t batch_;
  ThreadPool& pool_;
  ShareOf share_of_;
  Batch now_, next_;
  bool pending_ = false;
  SpareThread spare_;  // last: it ends before what its job uses
};

}  // namespace liteqat::train
