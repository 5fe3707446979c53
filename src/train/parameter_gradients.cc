#include "train/parameter_gradients.h"

#include <algorithm>

namespace liteqat::train {
namespace {

// 16 Ki floats: 64 KiB of sums stay in a second-level cache while the partials stream past.
constexpr int64_t kBlockElems = 16384;

}  // namespace

ParameterGradients::ParameterGradients(const graph::Graph& model, int32_t groups) : groups_(groups) {
  index_of_tensor_.assign(model.tensors.size(), -1);
  for (size_t id = 0; id < model.tensors.size(); ++id) {
    if (model.tensors[id].role != graph::Role::kParameter) continue;
    index_of_tensor_[id] = static_cast<int32_t>(tensors_.size());
    tensors_.push_back(static_cast<graph::TensorId>(id));
    Entry entry;
    entry.elems = graph::elem_count(model.tensors[id].shape);
    if (groups > 0) entry.total = FloatBlock(entry.elems);
    entries_.push_back(std::move(entry));
  }
}

int32_t ParameterGradients::find(graph::TensorId id) const {
  return index_of_tensor_[static_cast<size_t>(id)];
}

void ParameterGradients::use_partials(int32_t parameter) {
  Entry& entry = entries_[static_cast<size_t>(parameter)];
  entry.partials = FloatBlock(align_elems(entry.elems) * groups_);
  for (int64_t begin = 0; begin < entry.elems; begin += kBlockElems) {
    blocks_.push_back({parameter, begin, std::min(entry.elems, begin + kBlockElems)});
  }
}

void ParameterGradients::sum(int32_t groups, ThreadPool& pool) const {
  pool.run(static_cast<int>(blocks_.size()), [&](int task, int) { sum_block(blocks_[static_cast<size_t>(task)], groups); });
}

void ParameterGradients::sum_block(const Block& block, int32_t groups) const {
  float* total = entries_[static_cast<size_t>(block.parameter)].total.data();
  std::copy(partial(block.parameter, 0) + block.begin, partial(block.parameter, 0) + block.end, total + block.begin);
  for (int32_t group = 1; group < groups; ++group) {
    const float* addend = partial(block.parameter, group);
    for (int64_t i = block.begin; i < block.end; ++i) total[i] += addend[i];
  }
}

int64_t ParameterGradients::memory_bytes() const {
  int64_t elems = 0;
  for (const Entry& entry : entries_) elems += entry.total.elems() + entry.partials.elems();
  return elems * static_cast<int64_t>(sizeof(float));
}

}  // namespace liteqat::train
