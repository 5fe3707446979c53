// A weighted operator (convolution, depthwise convolution, dense) on any part of a chunk: what a step of its own and a step fused with
// batch normalization share. Holds weights and kernels; knows nothing of where activations lie.
//
// Thread rule: prepare() alone; the others at the same time for different workers.
#pragma once

#include <memory>

#include "base/status.h"
#include "kernels/train/pointwise/pointwise.h"
#include "train/steps/step.h"

namespace liteqat::train {

/// Consecutive slices of a chunk, and where their weight gradients go.
struct Part {
  int32_t slices = 0;
  int32_t group = 0;
  bool first_of_group = true;  // store the group's partial gradients instead of adding to them
  int worker = 0;
};

/// What the caller reads next; a kernel that can asks memory for it while it computes.
using kernels::train::Ahead;

class LinearOperator {
 public:
  virtual ~LinearOperator() = default;

  /// A slice is the smallest part of an image that can be computed alone; an image falls into that many equal ones, one after the other.
  virtual int32_t slices_per_image() const { return 1; }

  /// Makes sure that so many slices can be computed in one call.
  virtual Status configure(int32_t /*slices*/) { return {}; }
  virtual void prepare(Mode mode) = 0;

  /// x, y: NHWC of the slices; y is written whole.
  virtual void forward(int worker, int32_t slices, const float* x, float* y, const Ahead& ahead) = 0;
  virtual void backward_weights(const Part& part, const float* x, const float* dy, const Ahead& ahead) = 0;
  /// dx is written whole.
  virtual void backward_data(int worker, int32_t slices, const float* dy, float* dx, const Ahead& ahead) = 0;
  /// Adds to dx instead. Requires: a 1x1 convolution.
  virtual void add_backward_data(int worker, int32_t slices, const float* dy, float* dx, const Ahead& ahead);
  virtual void finish_gradients() = 0;
};

using LinearResult = Result<std::unique_ptr<LinearOperator>>;

/// For CONV_2D, FULLY_CONNECTED and DEPTHWISE_CONV_2D. bias_cancels: see OperatorWeights::make. Fails: kUnsupported.
LinearResult make_linear_operator(Workplace& place, int32_t op, bool bias_cancels);

/// 128 KiB of the larger tensor: input, output and gradients of a block and of the next one, which may be asked for ahead, then fit a
/// second-level cache of 1 MiB.
inline constexpr int64_t kBlockElems = 32768;
/// Slices of a block that has about block_elems elements of the larger tensor, or more where a pass over the weights' gradient would not be
/// small beside theirs; one at least.
int64_t slices_of_block(int64_t input_slice, int64_t output_slice, int64_t weights, int64_t block_elems);

/// A convolution that make_pointwise takes: 1x1, stride 1, not grouped.
bool is_pointwise(const graph::Graph& model, const graph::Op& op);
LinearResult make_pointwise(Workplace& place, int32_t op, bool bias_cancels);
LinearResult make_convolution(Workplace& place, int32_t op, bool bias_cancels);
LinearResult make_dense(Workplace& place, int32_t op, bool bias_cancels);
LinearResult make_depthwise(Workplace& place, int32_t op, bool bias_cancels);

}  // namespace liteqat::train
