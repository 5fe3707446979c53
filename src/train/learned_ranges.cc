#include "train/learned_ranges.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "numeric/fake_quant.h"

namespace liteqat::train {
namespace {

constexpr const char* kTensor = "learned_steps";
constexpr const char* kValues = "value/learned_steps";
constexpr const char* kInitial = "initial/learned_steps";
/// A step never falls below this share of where it began: a range of zero would have no scale.
constexpr float kSmallestShare = 1.0f / 1024;

}  // namespace

std::vector<char> LearnedRanges::claim(quant::Plan& plan) {
  std::vector<char> learned(plan.quantizers.size(), 0);
  for (size_t index = 0; index < plan.quantizers.size(); ++index) {
    quant::Quantizer& quantizer = plan.quantizers[index];
    const bool follows = quantizer.update == quant::RangeUpdate::kMovingAverage;
    if (!follows && !(quantizer.weight && quantizer.update == quant::RangeUpdate::kLastValue)) continue;
    quantizer.update = quant::RangeUpdate::kFixed;
    learned[index] = 1;
  }
  return learned;
}

LearnedRanges::LearnedRanges(const graph::Graph& model, quant::Plan& plan, const std::vector<char>& learned,
                             const OptimizerOptions& optimizer)
    : plan_(plan), relative_(optimizer.kind != OptimizerKind::kSgd) {
  for (size_t index = 0; index < learned.size(); ++index) {
    if (learned[index]) add_steps(model, index);
  }
  graph::Tensor tensor{.name = kTensor, .shape = {static_cast<int32_t>(steps_.size())}, .role = graph::Role::kParameter};
  tensor.data.resize(steps_.size() * sizeof(float));
  holder_.add_tensor(std::move(tensor));
  for (size_t k = 0; k < steps_.size(); ++k) values()[k] = initial_[k] / unit(k);
  OptimizerOptions own = optimizer;
  own.clip_norm = 0;  // the norm is the weights'
  optimizer_ = std::make_unique<Optimizer>(own, holder_, std::vector<graph::TensorId>{0});
}

void LearnedRanges::add_steps(const graph::Graph& model, size_t index) {
  const quant::Quantizer& quantizer = plan_.quantizers[index];
  const graph::Shape& shape = model.tensor(quantizer.tensor).shape;
  const int64_t shared_by =
      quantizer.weight ? graph::elem_count(shape) / quantizer.channels : graph::elem_count(shape) / std::max(1, shape[0]);
  for (size_t channel = 0; channel < quantizer.min.size(); ++channel) {
    const numeric::FakeQuantParams range = numeric::nudge_range(quantizer.min[channel], quantizer.max[channel], quantizer.narrow);
    if (range.all_zero || !(range.scale > 0)) continue;  // a channel of zeros has no step
    const float low = std::round(range.nudged_min / range.scale), high = std::round(range.nudged_max / range.scale);
    const double levels = high > 0 ? high : -low;  // Q_P; Q_N for a tensor that is never positive
    const auto gradient_scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(shared_by) * levels));
    steps_.push_back({index, channel, low, high, gradient_scale});
    initial_.push_back(range.scale);
  }
}

void LearnedRanges::write_ranges() {
  for (size_t k = 0; k < steps_.size(); ++k) {
    quant::Quantizer& quantizer = plan_.quantizers[steps_[k].quantizer];
    // An average holds what values were before they were lifted.
    const float step = std::max(values()[k] * unit(k), kSmallestShare * initial_[k]);
    quantizer.min[steps_[k].channel] = steps_[k].low * step;
    quantizer.max[steps_[k].channel] = steps_[k].high * step;
  }
}

void LearnedRanges::step(const Trainer& trainer, float schedule_factor, ThreadPool& pool) {
  std::vector<float> gradient(steps_.size());
  for (size_t k = 0; k < steps_.size(); ++k) {
    const double by_step = trainer.range_gradient(steps_[k].quantizer)[steps_[k].channel];
    gradient[k] = static_cast<float>(by_step * static_cast<double>(relative_ ? initial_[k] : steps_[k].gradient_scale));
  }
  const std::span<const float> gradients[] = {gradient};
  optimizer_->step(holder_, gradients, schedule_factor, pool);
  for (size_t k = 0; k < steps_.size(); ++k) values()[k] = std::max(values()[k], kSmallestShare * initial_[k] / unit(k));
  write_ranges();
}

void LearnedRanges::swap_averages() {
  if (!optimizer_->has_averages()) return;
  optimizer_->swap_averages(holder_);
  write_ranges();
}

std::vector<Optimizer::Slot> LearnedRanges::slots() const {
  std::vector<Optimizer::Slot> slots = optimizer_->slots();
  const std::span<const float> values = holder_.tensors[0].as<float>();
  slots.push_back({kValues, {values.begin(), values.end()}});
  slots.push_back({kInitial, initial_});
  return slots;
}

Status LearnedRanges::restore(std::vector<Optimizer::Slot>& slots, int64_t steps_done) {
  const auto own = std::stable_partition(slots.begin(), slots.end(), [](const auto& slot) { return !slot.name.ends_with(kTensor); });
  std::vector<Optimizer::Slot> taken(std::make_move_iterator(own), std::make_move_iterator(slots.end()));
  slots.erase(own, slots.end());
  for (const auto& [name, target] : {std::pair(kValues, values()), std::pair(kInitial, std::span(initial_))}) {
    const auto found = std::find_if(taken.begin(), taken.end(), [&](const auto& slot) { return slot.name == name; });
    if (found == taken.end() || found->values.size() != target.size()) {
      return error(Code::kMismatch, "learned ranges: slot '{}' has {} values, this network and plan have {}", name,
                   found == taken.end() ? 0 : found->values.size(), target.size());
    }
    std::copy(found->values.begin(), found->values.end(), target.begin());
    taken.erase(found);
  }
  return optimizer_->restore(std::move(taken), steps_done);
}

}  // namespace liteqat::train
