// CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED on their way back: what their steps share. The deployed weights as real numbers, and where
// the gradients of weights and bias go.
#pragma once

#include <vector>

#include "train/integer/integer_step.h"

namespace liteqat::train {

class WeightedStep : public IntegerStep {
 public:
  WeightedStep(const IntegerPlace& place, size_t op, const FoldedParameters& parameters);
  void prepare() override;

 protected:
  const graph::Tensor& weight_tensor() const { return place().lowered.tensor(op().inputs[1]); }
  const float* weights() const { return weights_.data(); }
  int64_t weight_elems() const { return static_cast<int64_t>(weights_.size()); }

  /// The group's partial gradients; null where they are not trained. The first chunk of a group writes them, the others add in order.
  float* weight_gradient(const IntegerChunk& chunk) const;
  float* bias_gradient(const IntegerChunk& chunk) const;
  /// Adds the sums over `rows` rows of dz to the bias' gradient, where it is trained; fresh: stores them instead.
  void add_bias_rows(const IntegerChunk& chunk, int64_t rows, const float* dz, bool fresh) const;
  /// Room of the worker for a gradient of either.
  float* weight_scratch(const IntegerChunk& chunk) const;
  float* bias_scratch(const IntegerChunk& chunk) const;

 private:
  FoldedParameters parameters_;
  std::vector<float> weights_;  // as deployed
};

/// For 1x1 convolutions of stride 1 (is_pointwise() in steps/linear_operator.h).
std::unique_ptr<IntegerStep> make_integer_pointwise_step(const IntegerPlace& place, size_t op, const FoldedParameters& parameters);
std::unique_ptr<IntegerStep> make_integer_depthwise_step(const IntegerPlace& place, size_t op, const FoldedParameters& parameters);

}  // namespace liteqat::train
