// Batch norm in front of the weights: what an operator deploys is w' = w * s and b' = beta + (b - mean) * s with s = gamma / sqrt(variance
// + epsilon), mean and variance frozen. Folds the trained tensors forward as deployment folds them, and gradients of w', b' back to
// gradients of w, b, gamma and beta.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "graph/graph.h"
#include "train/parameter_gradients.h"

namespace liteqat::train {

/// The parameters behind the weights and bias of one operator; indices into ParameterGradients::tensors(), -1: none, or not trained.
struct FoldedParameters {
  int32_t weights = -1, bias = -1, gamma = -1, beta = -1;
  graph::TensorId weights_id = graph::kNoTensor, bias_id = graph::kNoTensor, gamma_id = graph::kNoTensor;
  graph::TensorId mean_id = graph::kNoTensor, variance_id = graph::kNoTensor;
  float epsilon = 0;
  bool channels_last = false;  // depthwise weights count channels on the last axis, others on the first

  /// The parameters behind the weight tensor of this name. Fails: kUnsupported where the model has no operator with such weights.
  static Result<FoldedParameters> find(const graph::Graph& model, const ParameterGradients& gradients, const std::string& weights_name);

  bool has_batch_norm() const { return gamma_id != graph::kNoTensor; }
  /// Whose partial gradients hold db': beta's or the bias'; -1: none.
  int32_t bias_gradient() const { return has_batch_norm() ? beta : bias; }

  /// Turns the totals of dw' and db' into those of the parameters, in place. Sums run in double, in element order.
  void finish(const graph::Graph& model, const ParameterGradients& gradients) const;
};

}  // namespace liteqat::train
