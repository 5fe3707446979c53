#include "train/optimizer.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "kernels/train/optimizer.h"

namespace liteqat::train {
namespace {

// 16 Ki elements a task: enough of them to share a large kernel, too few tasks to notice.
constexpr int64_t kBlockElems = 16384;

}  // namespace

Optimizer::Optimizer(const OptimizerOptions& options, const graph::Graph& model, std::vector<graph::TensorId> parameters)
    : options_(options), parameters_(std::move(parameters)) {
  const bool adam = options.kind == OptimizerKind::kAdam;
  for (size_t index = 0; index < parameters_.size(); ++index) {
    const graph::Tensor& tensor = model.tensor(parameters_[index]);
    const int64_t elems = graph::elem_count(tensor.shape);
    first_slot_.push_back(slots_.size());
    const std::vector<float> zeros(static_cast<size_t>(elems));
    if (adam) {
      slots_.push_back({"adam_m/" + tensor.name, zeros});
      slots_.push_back({"adam_v/" + tensor.name, zeros});
    } else if (options.momentum != 0) {
      slots_.push_back({"sgd_velocity/" + tensor.name, zeros});
    }
    const float decay = tensor.shape.size() > 1 ? options.weight_decay : 0.0f;
    for (int64_t begin = 0; begin < elems; begin += kBlockElems) {
      blocks_.push_back({index, begin, std::min(kBlockElems, elems - begin), decay});
    }
  }
}

void Optimizer::step(graph::Graph& model, std::span<const std::span<const float>> gradients, float factor, ThreadPool& pool) {
  LITEQAT_CHECK_EQ(gradients.size(), parameters_.size());
  ++steps_done_;
  const double rate = static_cast<double>(options_.learning_rate) * static_cast<double>(factor);
  const auto t = static_cast<double>(steps_done_);
  const double beta1 = options_.beta1, beta2 = options_.beta2;
  const double corrected_rate = rate * std::sqrt(1.0 - std::pow(beta2, t)) / (1.0 - std::pow(beta1, t));
  pool.run(static_cast<int>(blocks_.size()), [&](int task, int) {
    const Block& block = blocks_[static_cast<size_t>(task)];
    float* weights = model.tensor(parameters_[block.parameter]).as<float>().data() + block.begin;
    const float* gradient = gradients[block.parameter].data() + block.begin;
    const size_t slot = first_slot_[block.parameter];
    const auto slot_data = [&](size_t index) { return slots_[index].values.data() + block.begin; };
    if (options_.kind == OptimizerKind::kAdam) {
      const kernels::train::AdamParams params{static_cast<float>(corrected_rate), options_.beta1, options_.beta2, options_.epsilon,
                                              block.weight_decay};
      kernels::train::adam_update(params, gradient, weights, slot_data(slot), slot_data(slot + 1), block.elems);
    } else {
      const kernels::train::SgdParams params{static_cast<float>(rate), options_.momentum, block.weight_decay, options_.nesterov};
      kernels::train::sgd_update(params, gradient, weights, options_.momentum != 0 ? slot_data(slot) : nullptr, block.elems);
    }
  });
}

Status Optimizer::restore(std::vector<Slot> slots, int64_t steps_done) {
  if (steps_done < 0) return error(Code::kOutOfRange, "optimizer state: {} steps done", steps_done);
  if (slots.size() != slots_.size()) {
    return error(Code::kMismatch, "optimizer state: {} slots, this optimizer and network have {}", slots.size(), slots_.size());
  }
  // By name: a file may hold them in another order. Nothing is taken over unless everything fits.
  std::vector<Slot> ordered;
  for (const Slot& own : slots_) {
    const auto given = std::find_if(slots.begin(), slots.end(), [&own](const Slot& slot) { return slot.name == own.name; });
    if (given == slots.end()) {
      std::vector<std::string> names;
      for (const Slot& slot : slots) names.push_back(slot.name);
      return error(Code::kMismatch, "optimizer state: slot '{}' is missing, found {}", own.name, join(names, ", "));
    }
    if (given->values.size() != own.values.size()) {
      return error(Code::kMismatch, "optimizer state: slot '{}' has {} values, expected {}", own.name, given->values.size(),
                   own.values.size());
    }
    ordered.push_back(*given);
  }
  slots_ = std::move(ordered);
  steps_done_ = steps_done;
  return {};
}

}  // namespace liteqat::train
