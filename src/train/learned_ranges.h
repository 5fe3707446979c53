// Learned step size quantization (Esser et al. 2020, "Learned Step Size Quantization", equations 1 to 3 and section 2.2): the steps of
// fake quantizers are trained beside the weights, instead of following what a tensor holds. docs/decisions/0036 states what is taken from
// the paper and what is not.
//
// A range is [low * s, high * s] with whole low and high fixed at the start (-zero point.. and ..255 - zero point, or +-127), so that
// only s moves and an exported zero point never does. With SGD the optimizer moves s by the scaled gradient, as in the paper. With Adam,
// whose steps do not shrink with the gradient, it moves s / s0: an absolute step would be a large share of s. There the scale is left out,
// since Adam cancels it but for its epsilon.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "train/optimizer.h"
#include "train/trainer.h"

namespace liteqat::train {

class LearnedRanges {
 public:
  /// Marks, by quantizer, the ranges that are learned: of weights, and of activations that would follow by moving average; they stay where
  /// they are from then on (RangeUpdate::kFixed) but for step(). Others, as the input's, go on as before.
  static std::vector<char> claim(quant::Plan& plan);

  /// Starts from the plan's ranges, which are calibrated. Both must outlive it. learned: of claim().
  LearnedRanges(const graph::Graph& model, quant::Plan& plan, const std::vector<char>& learned, const OptimizerOptions& optimizer);

  /// One update of all steps by the trainer's gradients.
  void step(const Trainer& trainer, float schedule_factor, ThreadPool& pool);
  /// As Optimizer::swap_averages, for the ranges.
  void swap_averages();

  /// For checkpoints, names "<kind>/learned_steps"; restore() takes them out of `slots`. Fails: kMismatch.
  std::vector<Optimizer::Slot> slots() const;
  Status restore(std::vector<Optimizer::Slot>& slots, int64_t steps_done);

 private:
  struct Step {
    size_t quantizer, channel;
    float low, high;       // whole numbers of steps
    float gradient_scale;  // with SGD
  };
  void add_steps(const graph::Graph& model, size_t quantizer);
  float unit(size_t index) const { return relative_ ? initial_[index] : 1.0f; }
  std::span<float> values() { return holder_.tensors[0].as<float>(); }
  void write_ranges();

  quant::Plan& plan_;
  bool relative_;  // values are s / s0, else s
  std::vector<Step> steps_;
  std::vector<float> initial_;  // s0
  graph::Graph holder_;         // one parameter tensor, for the optimizer
  std::unique_ptr<Optimizer> optimizer_;
};

}  // namespace liteqat::train
