#include "train/batch_source.h"

#include <algorithm>
#include <utility>

namespace liteqat::train {

BatchSource::BatchSource(const data::Split& split, const data::Normalization& normalization, const data::Augmentation& augmentation,
                         uint64_t seed, int32_t batch, ThreadPool& pool, ShareOf share_of)
    : split_(split), filler_(split, normalization, augmentation, seed), batch_(batch), pool_(pool), share_of_(std::move(share_of)) {}

void BatchSource::describe(Batch& batch, std::span<const int32_t> order, int64_t begin, int32_t epoch) const {
  const auto n = std::min<size_t>(static_cast<size_t>(batch_), order.size() - static_cast<size_t>(begin));
  const std::span<const int32_t> all = order.subspan(static_cast<size_t>(begin), n);
  const Share share = share_of_ ? share_of_(static_cast<int32_t>(n)) : Share{0, static_cast<int32_t>(n)};
  batch.indices = all.subspan(static_cast<size_t>(share.first), static_cast<size_t>(share.count));
  batch.first = all.data();
  batch.epoch = epoch;
  const size_t elems = batch.indices.size() * image_elems();
  if (batch.images.size() < elems) batch.images.resize(elems);
  batch.labels.resize(n);
  for (size_t i = 0; i < n; ++i) batch.labels[i] = split_.labels[static_cast<size_t>(all[i])];
}

void BatchSource::fill(Batch& batch, size_t first, size_t count) const {
  filler_.fill(batch.indices.subspan(first, count), batch.epoch,
               std::span(batch.images).subspan(first * image_elems(), count * image_elems()));
}

int32_t BatchSource::load(std::span<const int32_t> order, int64_t begin, int32_t epoch) {
  if (std::exchange(pending_, false)) {
    spare_.wait();
    std::swap(now_, next_);
    const auto wanted = order.subspan(static_cast<size_t>(begin));
    if (now_.epoch == epoch && now_.first == wanted.data() && now_.labels.size() <= wanted.size()) {
      return static_cast<int32_t>(now_.labels.size());
    }
  }
  describe(now_, order, begin, epoch);
  const auto n = static_cast<int32_t>(now_.indices.size()), chunk = chunk_images(batch_);
  pool_.run((n + chunk - 1) / chunk, [&](int task, int) {
    const auto first = static_cast<size_t>(task * chunk);
    fill(now_, first, std::min(static_cast<size_t>(chunk), static_cast<size_t>(n) - first));
  });
  return static_cast<int32_t>(now_.labels.size());
}

void BatchSource::prefetch(std::span<const int32_t> order, int64_t begin, int32_t epoch) {
  if (begin >= static_cast<int64_t>(order.size())) return;
  if (std::exchange(pending_, true)) spare_.wait();
  describe(next_, order, begin, epoch);
  spare_.start([this] { fill(next_, 0, next_.indices.size()); });
}

}  // namespace liteqat::train
