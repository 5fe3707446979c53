// A weighted operator (convolution, depthwise convolution, dense) on any part of a chunk: what a step of its own and a step fused with
// batch normalization share. Holds weights and kernels; knows nothing of where activations lie.
//
// Thread rule: prepare() alone; the others at the same time for different workers.
#pragma once

#include <memory>

#include "base/status.h"
#include "train/steps/step.h"

namespace liteqat::train {

class LinearOperator {
 public:
  virtual ~LinearOperator() = default;

  /// Makes sure that `images` images can be computed in one call.
  virtual Status configure(int32_t /*images*/) { return {}; }
  virtual void prepare(Mode mode) = 0;

  /// x, y: NHWC of n images; y is written whole.
  virtual void forward(int worker, int32_t n, const float* x, float* y) = 0;
  /// The part's contribution to its group's partial gradients: stored where part.first_of_group is set, else added.
  virtual void backward_weights(const Chunk& part, const float* x, const float* dy) = 0;
  /// dx is written whole.
  virtual void backward_data(int worker, int32_t n, const float* dy, float* dx) = 0;
  virtual void finish_gradients() = 0;
};

using LinearResult = Result<std::unique_ptr<LinearOperator>>;

/// For CONV_2D, FULLY_CONNECTED and DEPTHWISE_CONV_2D. bias_cancels: see OperatorWeights::make. Fails: kUnsupported.
LinearResult make_linear_operator(Workplace& place, int32_t op, bool bias_cancels);

LinearResult make_convolution(Workplace& place, int32_t op, bool bias_cancels);
LinearResult make_dense(Workplace& place, int32_t op, bool bias_cancels);
LinearResult make_depthwise(Workplace& place, int32_t op, bool bias_cancels);

}  // namespace liteqat::train
