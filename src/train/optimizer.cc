#include "train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "kernels/train/optimizer.h"

namespace liteqat::train {
namespace {

// 16 Ki elements a task: enough of them to share a large kernel, too few tasks to notice; weights, gradient and slots of a block stay in
// a core's cache, so that averaging them costs no further pass over memory.
constexpr int64_t kUpdateElems = 16384;

}  // namespace

Optimizer::Optimizer(const OptimizerOptions& options, const graph::Graph& model, std::vector<graph::TensorId> parameters)
    : options_(options), parameters_(std::move(parameters)) {
  for (size_t index = 0; index < parameters_.size(); ++index) {
    const graph::Tensor& tensor = model.tensor(parameters_[index]);
    const int64_t elems = graph::elem_count(tensor.shape);
    first_slot_.push_back(slots_.size());
    const std::vector<float> zeros(static_cast<size_t>(elems));
    if (options.kind != OptimizerKind::kSgd) {
      slots_.push_back({"adam_m/" + tensor.name, zeros});
      slots_.push_back({"adam_v/" + tensor.name, zeros});
    } else if (options.momentum != 0) {
      slots_.push_back({"sgd_velocity/" + tensor.name, zeros});
    }
    const float decay = tensor.shape.size() > 1 ? options.weight_decay : 0.0f;
    for (int64_t begin = 0; begin < elems; begin += kUpdateElems) {
      blocks_.push_back({index, begin, std::min(kUpdateElems, elems - begin), decay});
    }
  }
  if (options.clip_norm > 0) square_sums_.resize(blocks_.size());
  if (options.ema_decay <= 0) return;
  std::vector<graph::TensorId> averaged = parameters_;
  for (size_t id = 0; id < model.tensors.size(); ++id) {
    if (model.tensors[id].role == graph::Role::kStatistic) averaged.push_back(static_cast<graph::TensorId>(id));
  }
  for (graph::TensorId id : averaged) {
    averages_.push_back({id, slots_.size()});
    slots_.push_back({"average/" + model.tensor(id).name, std::vector<float>(model.tensor(id).as<float>().size())});
  }
}

float Optimizer::clip_factor(std::span<const std::span<const float>> gradients, ThreadPool& pool) {
  if (options_.clip_norm <= 0) return 1.0f;
  pool.run(static_cast<int>(blocks_.size()), [&](int task, int) {
    const Block& block = blocks_[static_cast<size_t>(task)];
    square_sums_[static_cast<size_t>(task)] = kernels::train::sum_squares(gradients[block.parameter].data() + block.begin, block.elems);
  });
  double sum = 0;
  for (double block : square_sums_) sum += block;
  const double clip = options_.clip_norm;
  return static_cast<float>(clip / std::max(clip, std::sqrt(sum)));
}

void Optimizer::update(const Block& block, double rate, const float* gradient, float gradient_scale, float* weights) {
  const size_t slot = first_slot_[block.parameter];
  const auto slot_data = [&](size_t index) { return slots_[index].values.data() + block.begin; };
  if (options_.kind == OptimizerKind::kSgd) {
    const kernels::train::SgdParams params{static_cast<float>(rate), options_.momentum, block.weight_decay, options_.nesterov,
                                           gradient_scale};
    return kernels::train::sgd_update(params, gradient, weights, options_.momentum != 0 ? slot_data(slot) : nullptr, block.elems);
  }
  const bool decoupled = options_.kind == OptimizerKind::kAdamW;
  const auto t = static_cast<double>(steps_done_);
  const double beta1 = options_.beta1, beta2 = options_.beta2;
  const double corrected_rate = rate * std::sqrt(1.0 - std::pow(beta2, t)) / (1.0 - std::pow(beta1, t));
  const kernels::train::AdamParams params{
      .corrected_rate = static_cast<float>(corrected_rate),
      .beta1 = options_.beta1,
      .beta2 = options_.beta2,
      .epsilon = options_.epsilon,
      .weight_decay = decoupled ? 0.0f : block.weight_decay,
      .gradient_scale = gradient_scale,
      .decoupled_decay = decoupled ? static_cast<float>(rate * static_cast<double>(block.weight_decay)) : 0.0f};
  kernels::train::adam_update(params, gradient, weights, slot_data(slot), slot_data(slot + 1), block.elems);
}

void Optimizer::average(size_t index, const float* values, int64_t begin, int64_t elems) {
  float* average = slots_[averages_[index].slot].values.data() + begin;
  if (steps_done_ == 1) {
    std::copy_n(values, elems, average);
  } else {
    const auto fresh = static_cast<float>(1.0 - static_cast<double>(options_.ema_decay));
    kernels::train::update_average(values, fresh, average, elems);
  }
}

void Optimizer::step(graph::Graph& model, std::span<const std::span<const float>> gradients, float factor, ThreadPool& pool) {
  LITEQAT_CHECK_EQ(gradients.size(), parameters_.size());
  const float gradient_scale = clip_factor(gradients, pool);
  ++steps_done_;
  const double rate = static_cast<double>(options_.learning_rate) * static_cast<double>(factor);
  const size_t statistics = averages_.empty() ? 0 : averages_.size() - parameters_.size();
  pool.run(static_cast<int>(blocks_.size() + statistics), [&](int task, int) {
    const auto index = static_cast<size_t>(task);
    if (index >= blocks_.size()) {
      const size_t own = parameters_.size() + index - blocks_.size();
      const std::span<const float> values = std::as_const(model).tensor(averages_[own].tensor).as<float>();
      return average(own, values.data(), 0, static_cast<int64_t>(values.size()));
    }
    const Block& block = blocks_[index];
    float* weights = model.tensor(parameters_[block.parameter]).as<float>().data() + block.begin;
    update(block, rate, gradients[block.parameter].data() + block.begin, gradient_scale, weights);
    if (!averages_.empty()) average(block.parameter, weights, block.begin, block.elems);
  });
}

void Optimizer::swap_averages(graph::Graph& model) {
  if (!has_averages()) return;
  for (const Average& average : averages_) {
    std::span<float> values = model.tensor(average.tensor).as<float>();
    std::swap_ranges(values.begin(), values.end(), slots_[average.slot].values.begin());
  }
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
