#include "train/parameter_gradients.h"

#include <algorithm>

namespace liteqat::train {
namespace {

// 16 Ki floats: 64 KiB of sums stay in a second-level cache while the partials stream past.
constexpr int64_t kSpanElems = 16384;
// What goes from rank to rank at a time, 1 MiB: the next rank adds while this one works on the next piece.
constexpr int64_t kPieceElems = 16 * kSpanElems;

}  // namespace

ParameterGradients::ParameterGradients(const graph::Graph& model, int32_t groups) : groups_(groups) {
  index_of_tensor_.assign(model.tensors.size(), -1);
  int64_t all_elems = 0;
  for (size_t id = 0; id < model.tensors.size(); ++id) {
    if (model.tensors[id].role != graph::Role::kParameter) continue;
    index_of_tensor_[id] = static_cast<int32_t>(tensors_.size());
    tensors_.push_back(static_cast<graph::TensorId>(id));
    Entry entry;
    entry.elems = graph::elem_count(model.tensors[id].shape);
    entry.total = all_elems;
    all_elems += align_elems(entry.elems);
    entries_.push_back(std::move(entry));
  }
  if (groups > 0) totals_ = FloatBlock(all_elems);
}

int32_t ParameterGradients::find(graph::TensorId id) const {
  return index_of_tensor_[static_cast<size_t>(id)];
}

void ParameterGradients::use_partials(int32_t parameter) {
  Entry& entry = entries_[static_cast<size_t>(parameter)];
  entry.partials = FloatBlock(align_elems(entry.elems) * groups_);
  const int64_t end = entry.total + entry.elems;
  for (int64_t begin = entry.total; begin < end;) {  // cut where pieces are cut
    const int64_t next = std::min(end, (begin / kSpanElems + 1) * kSpanElems);
    blocks_.push_back({parameter, begin, next});
    begin = next;
  }
}

void ParameterGradients::sum(int32_t groups, ThreadPool& pool, ranks::Ranks* ranks) const {
  const std::span<float> all(totals_.data(), static_cast<size_t>(totals_.elems()));
  ranks::accumulate(ranks, all, kPieceElems, [&](size_t begin, size_t end) {
    std::vector<const Block*> piece;
    for (const Block& block : blocks_) {
      if (block.begin >= static_cast<int64_t>(begin) && block.begin < static_cast<int64_t>(end)) piece.push_back(&block);
    }
    const bool from_zero = ranks == nullptr || ranks->rank() == 0;
    pool.run(static_cast<int>(piece.size()), [&](int task, int) { sum_block(*piece[static_cast<size_t>(task)], groups, from_zero); });
  });
}

void ParameterGradients::sum_block(const Block& block, int32_t groups, bool from_zero) const {
  const int64_t offset = entries_[static_cast<size_t>(block.parameter)].total;
  const auto addend = [&](int32_t group) { return partial(block.parameter, group) + block.begin - offset; };
  float* __restrict total = totals_.data() + block.begin;
  const int64_t elems = block.end - block.begin;
  int32_t group = 0;
  if (from_zero && groups >= 4) {
    const float *first = addend(0), *second = addend(1), *third = addend(2), *fourth = addend(3);
    for (int64_t i = 0; i < elems; ++i) total[i] = first[i] + second[i] + third[i] + fourth[i];
    group = 4;
  } else if (from_zero && groups > 0) {
    std::copy(addend(0), addend(0) + elems, total);
    group = 1;
  }
  for (; group + 3 < groups; group += 4) {  // sums are read and written once for four addends
    const float *first = addend(group), *second = addend(group + 1), *third = addend(group + 2), *fourth = addend(group + 3);
    for (int64_t i = 0; i < elems; ++i) total[i] = total[i] + first[i] + second[i] + third[i] + fourth[i];
  }
  for (; group < groups; ++group) {
    const float* own = addend(group);
    for (int64_t i = 0; i < elems; ++i) total[i] += own[i];
  }
}

int64_t ParameterGradients::memory_bytes() const {
  int64_t elems = totals_.elems();
  for (const Entry& entry : entries_) elems += entry.partials.elems();
  return elems * static_cast<int64_t>(sizeof(float));
}

}  // namespace liteqat::train
